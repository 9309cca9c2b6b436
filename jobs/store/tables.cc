#include "jobs/store/tables.h"

namespace slipway::jobs {
namespace {

// `seq` is the order of submission: ids of the same millisecond have none. The large columns come
// last, so that lists do not read them, and of these the payload, which is read but once, is the
// last of version 2; it is emptied when the job ends. The numbers of `state` are JobState's.
constexpr char kVersion1[] = R"sql(
  CREATE TABLE jobs(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    token INTEGER NOT NULL,
    lease_until_us INTEGER,
    correlation_id TEXT NOT NULL,
    create_us INTEGER NOT NULL,
    start_us INTEGER,
    end_us INTEGER,
    error_code INTEGER,
    error_message TEXT,
    error_details BLOB,
    result_type TEXT,
    payload BLOB NOT NULL,
    result BLOB
  ) STRICT;
  CREATE INDEX jobs_waiting ON jobs(kind, seq) WHERE state = 1;
  CREATE INDEX jobs_leased ON jobs(kind, lease_until_us) WHERE state = 2;
)sql";

// wake_us: what an accepted job waits for, NULL when that is only a worker; wake_clock: 0 its
// not_before by the wall clock, 1 its next attempt by the steady one.
// ready_us: when it may first run, also once that has come and wake_us is NULL.
// purge_us: when an ended job changes next by itself: at first when its result is dropped
// (= expire_us), then when it is forgotten.
// result: a serialized slipway.v1.StoredAnswer. That of version 1 was its content_type (field 4,
// tag 0x22) and body (field 5, tag 0x2a); both lengths are written as varints of five bytes, the
// first four of which are the low seven bits each with the high bit set.
// Attempts were not limited before, so those made do not count.
constexpr char kVersion2[] = R"sql(
  CREATE TABLE jobs_v2(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    token INTEGER NOT NULL,
    progress INTEGER NOT NULL,
    lease_until_us INTEGER,
    wake_us INTEGER,
    wake_clock INTEGER NOT NULL,
    correlation_id TEXT NOT NULL,
    owner BLOB NOT NULL,
    create_us INTEGER NOT NULL,
    ready_us INTEGER NOT NULL,
    start_us INTEGER,
    end_us INTEGER,
    expire_us INTEGER,
    purge_us INTEGER,
    lifetime_us INTEGER NOT NULL,
    idempotency_key BLOB,
    fingerprint BLOB NOT NULL,
    error_code INTEGER,
    error_message TEXT,
    error_details BLOB,
    result BLOB,
    attachment BLOB NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;

  WITH varint(high) AS (VALUES(
    x'808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'
    || x'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf'
    || x'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf'
    || x'e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')),
  old AS (
    SELECT *, CAST(coalesce(result_type, '') AS BLOB) AS type,
      length(CAST(coalesce(result_type, '') AS BLOB)) AS m, length(coalesce(result, x'')) AS n
    FROM jobs)
  INSERT INTO jobs_v2
  SELECT seq, id, kind, state, attempt,
    CASE WHEN state IN (1, 2) THEN attempt + 10 ELSE 10 END,
    token, CASE WHEN state = 3 THEN 100 ELSE 0 END, lease_until_us, NULL, 0, correlation_id, x'',
    create_us, create_us, start_us, end_us, end_us + 3600000000, end_us + 3600000000, 3600000000,
    NULL, x'', error_code, error_message, error_details,
    CASE WHEN state = 3 THEN CAST(
      x'22'
      || substr(CAST(high AS BLOB), (m & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (m >> 7 & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (m >> 14 & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (m >> 21 & 127) + 1, 1)
      || substr(x'0001020304050607', (m >> 28) + 1, 1)
      || type
      || x'2a'
      || substr(CAST(high AS BLOB), (n & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (n >> 7 & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (n >> 14 & 127) + 1, 1)
      || substr(CAST(high AS BLOB), (n >> 21 & 127) + 1, 1)
      || substr(x'0001020304050607', (n >> 28) + 1, 1)
      || coalesce(result, x'')
    AS BLOB) END,
    x'', CASE WHEN state IN (1, 2) THEN payload ELSE x'' END
  FROM old, varint ORDER BY seq;

  DROP TABLE jobs;
  ALTER TABLE jobs_v2 RENAME TO jobs;
  CREATE INDEX jobs_ready ON jobs(kind, seq) WHERE state = 1 AND wake_us IS NULL;
  CREATE INDEX jobs_delayed ON jobs(kind, wake_clock, wake_us)
    WHERE state = 1 AND wake_us IS NOT NULL;
  CREATE INDEX jobs_leased ON jobs(kind, lease_until_us) WHERE state = 2;
  CREATE INDEX jobs_purge ON jobs(purge_us) WHERE purge_us IS NOT NULL;
  CREATE UNIQUE INDEX jobs_idempotency ON jobs(owner, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
  CREATE INDEX jobs_owned ON jobs(owner, seq) WHERE owner <> x'';

  CREATE TABLE job_counts(
    kind TEXT NOT NULL,
    state INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY(kind, state)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO job_counts SELECT kind, state, count(*) FROM jobs GROUP BY kind, state;

  CREATE TABLE job_secret(secret BLOB NOT NULL) STRICT;
  INSERT INTO job_secret VALUES(randomblob(32));
)sql";

// The leases of the process that had the directory before are void: it is gone, or the directory
// could not have been locked. Its steady clock meant nothing but to itself.
constexpr char kAtOpen[] = R"sql(
  UPDATE jobs INDEXED BY jobs_leased SET lease_until_us = 0
    WHERE state = 2 AND lease_until_us <> 0;
  UPDATE jobs INDEXED BY jobs_delayed SET wake_us = NULL
    WHERE state = 1 AND wake_us IS NOT NULL AND wake_clock = 1;
)sql";

}  // namespace

Component JobTables() { return Component{"jobs", {kVersion1, kVersion2}, kAtOpen}; }

}  // namespace slipway::jobs
