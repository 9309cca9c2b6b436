#include "jobs/store/sqlite_store.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"

namespace slipway::jobs {
namespace {

// `seq` is the order of submission: ids of the same millisecond have none. The large columns come
// last, so that lists do not read them. The numbers of `state` are JobState's.
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

#define SLIPWAY_JOB_COLUMNS                                                                  \
  "seq, id, kind, state, attempt, correlation_id, create_us, start_us, end_us, error_code, " \
  "error_message, error_details"
constexpr int kColumns = 12;

JobRow ReadRow(const Query& query) {
  JobRow row;
  row.id = query.Bytes(1);
  row.kind = query.Bytes(2);
  row.state = static_cast<JobState>(query.Int(3));
  row.attempt = static_cast<int>(query.Int(4));
  row.correlation_id = query.Bytes(5);
  row.create_time = query.Time(6);
  row.start_time = query.OptionalTime(7);
  row.end_time = query.OptionalTime(8);
  if (row.state == JobState::kFailed) {
    row.error =
        rpc::Status::FromCode(static_cast<int>(query.Int(9)), query.Bytes(10), query.Bytes(11));
  }
  return row;
}

absl::StatusOr<JobRow> Insert(Connection& connection, const NewJob& job) {
  JobRow row;
  row.id = NewJobId(job.create_time);
  row.kind = job.kind;
  row.correlation_id = job.correlation_id;
  row.create_time =
      absl::FromUnixMicros(absl::ToUnixMicros(job.create_time));  // as it is read back
  SLIPWAY_RETURN_IF_ERROR(connection.Run(
      "INSERT INTO jobs(id, kind, state, attempt, token, correlation_id, create_us, payload) "
      "VALUES(?1, ?2, 1, 0, 0, ?3, ?4, ?5)",
      row.id, row.kind, row.correlation_id, row.create_time, Blob{job.payload}));
  return row;
}

struct Runnable {
  int64_t seq;
  bool recovered;  // it is still marked as running
};

/// The row that LeaseNext takes: the oldest of all kinds.
absl::StatusOr<std::optional<Runnable>> FindRunnable(Connection& connection,
                                                     const std::vector<std::string>& kinds,
                                                     absl::Time now) {
  std::optional<Runnable> oldest;
  const auto consider = [&oldest](Query query, bool recovered) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found && (!oldest || query.Int(0) < oldest->seq)) oldest = {query.Int(0), recovered};
    return absl::OkStatus();
  };
  for (const std::string& kind : kinds) {
    SLIPWAY_RETURN_IF_ERROR(consider(
        connection.Ask("SELECT seq FROM jobs WHERE state = 1 AND kind = ?1 ORDER BY seq LIMIT 1",
                       kind),
        false));
    SLIPWAY_RETURN_IF_ERROR(
        consider(connection.Ask(
                     "SELECT seq FROM jobs WHERE state = 2 AND kind = ?1 AND lease_until_us <= ?2 "
                     "ORDER BY seq LIMIT 1",
                     kind, now),
                 true));
  }
  return oldest;
}

absl::StatusOr<std::optional<LeasedJob>> Lease(Connection& connection,
                                               const std::vector<std::string>& kinds,
                                               absl::Time now, absl::Duration duration) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<Runnable> runnable,
                           FindRunnable(connection, kinds, now));
  if (!runnable) return std::optional<LeasedJob>();
  SLIPWAY_RETURN_IF_ERROR(connection.Run(
      "UPDATE jobs SET state = 2, attempt = attempt + 1, token = token + 1, start_us = ?2, "
      "lease_until_us = ?3 WHERE seq = ?1",
      runnable->seq, now, now + duration));
  Query query = connection.Ask(
      "SELECT " SLIPWAY_JOB_COLUMNS ", token, payload FROM jobs WHERE seq = ?1", runnable->seq);
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  LeasedJob leased;
  leased.row = ReadRow(query);
  leased.token = query.Int(kColumns);
  leased.payload = query.Bytes(kColumns + 1);
  leased.recovered = runnable->recovered;
  return std::optional<LeasedJob>(std::move(leased));
}

/// After an UPDATE … WHERE id = ? AND token = ? AND state = 2: OK if it found its row.
absl::Status CheckLease(Connection& connection, const std::string& id) {
  if (connection.changed_rows() == 1) return absl::OkStatus();
  Query query = connection.Ask("SELECT 1 FROM jobs WHERE id = ?1", id);
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? LeaseLost(id) : JobNotFound(id);
}

}  // namespace

Component SqliteStore::Tables() {
  // The leases of the process that had the directory before are void: it is gone, or the directory
  // could not have been locked.
  return Component{"jobs", {kVersion1}, "UPDATE jobs SET lease_until_us = 0 WHERE state = 2"};
}

SqliteStore::SqliteStore(Database& database)
    : database_(database),
      commits_(database.OnCommit([this](const CommitReport& report) { Committed(report); })) {}

SqliteStore::~SqliteStore() { database_.Flush(); }

void SqliteStore::Committed(const CommitReport& report) {
  const bool released = std::exchange(released_, false);
  if (report.status.ok()) {
    for (const JobRow& row : inserted_) accepted_.Notify(row);
    if (released || !inserted_.empty()) runnable_.Notify();
  }
  inserted_.clear();
}

rpc::Task<absl::StatusOr<JobRow>> SqliteStore::Submit(rpc::Executor& executor, NewJob job) {
  auto write = database_.Write<absl::StatusOr<JobRow>>(
      executor, [this, job = std::move(job)](Connection& connection) {
        absl::StatusOr<JobRow> row = Insert(connection, job);
        if (row.ok()) inserted_.push_back(*row);
        return row;
      });
  co_return co_await std::move(write);
}

rpc::Task<absl::StatusOr<JobRow>> SqliteStore::Get(rpc::Executor&, std::string id) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask("SELECT " SLIPWAY_JOB_COLUMNS " FROM jobs WHERE id = ?1", id);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) co_return JobNotFound(id);
  co_return ReadRow(query);
}

rpc::Task<absl::StatusOr<JobOutcome>> SqliteStore::GetOutcome(rpc::Executor&, std::string id) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask(
      "SELECT " SLIPWAY_JOB_COLUMNS ", result_type, result FROM jobs WHERE id = ?1", id);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) co_return JobNotFound(id);
  JobOutcome outcome;
  outcome.row = ReadRow(query);
  outcome.result.content_type = query.Bytes(kColumns);
  outcome.result.body = query.Bytes(kColumns + 1);
  co_return outcome;
}

rpc::Task<absl::StatusOr<JobPage>> SqliteStore::List(rpc::Executor&, int page_size,
                                                     std::string page_token) {
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!page_token.empty()) {
    SLIPWAY_CO_ASSIGN_OR_RETURN(before, DecodePageToken(page_token));
  }
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  // One more than asked for shows whether there is another page.
  Query query = reader->Ask("SELECT " SLIPWAY_JOB_COLUMNS
                            " FROM jobs WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
                            before, int64_t{page_size} + 1);
  JobPage page;
  int64_t last = 0;
  while (true) {
    SLIPWAY_CO_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) break;
    if (page.jobs.size() == static_cast<size_t>(page_size)) {
      page.next_page_token = EncodePageToken(last);
      break;
    }
    last = query.Int(0);
    page.jobs.push_back(ReadRow(query));
  }
  co_return page;
}

rpc::Task<absl::StatusOr<std::optional<LeasedJob>>> SqliteStore::LeaseNext(
    rpc::Executor& executor, std::vector<std::string> kinds, absl::Time now,
    absl::Duration duration) {
  auto write = database_.Write<absl::StatusOr<std::optional<LeasedJob>>>(
      executor, [kinds = std::move(kinds), now, duration](Connection& connection) {
        return Lease(connection, kinds, now, duration);
      });
  co_return co_await std::move(write);
}

rpc::Task<absl::Status> SqliteStore::Complete(rpc::Executor& executor, std::string id,
                                              int64_t token, absl::Time now, JobResult result) {
  auto write = database_.Write<absl::Status>(
      executor,
      [id = std::move(id), token, now, result = std::move(result)](Connection& connection) {
        const absl::Status status = connection.Run(
            "UPDATE jobs SET state = 3, lease_until_us = NULL, end_us = ?3, result_type = ?4, "
            "result = ?5 WHERE id = ?1 AND token = ?2 AND state = 2",
            id, token, now, result.content_type, Blob{result.body});
        return status.ok() ? CheckLease(connection, id) : status;
      });
  co_return co_await std::move(write);
}

rpc::Task<absl::Status> SqliteStore::Fail(rpc::Executor& executor, std::string id, int64_t token,
                                          absl::Time now, rpc::Status error) {
  auto write = database_.Write<absl::Status>(
      executor, [id = std::move(id), token, now, error = std::move(error)](Connection& connection) {
        const absl::Status status = connection.Run(
            "UPDATE jobs SET state = 4, lease_until_us = NULL, end_us = ?3, error_code = ?4, "
            "error_message = ?5, error_details = ?6 WHERE id = ?1 AND token = ?2 AND state = 2",
            id, token, now, static_cast<int64_t>(error.code()), error.message(),
            Blob{error.details()});
        return status.ok() ? CheckLease(connection, id) : status;
      });
  co_return co_await std::move(write);
}

rpc::Task<absl::Status> SqliteStore::Release(rpc::Executor& executor, std::string id,
                                             int64_t token) {
  auto write = database_.Write<absl::Status>(
      executor, [this, id = std::move(id), token](Connection& connection) {
        const absl::Status status = connection.Run(
            "UPDATE jobs SET state = 1, lease_until_us = NULL, start_us = NULL "
            "WHERE id = ?1 AND token = ?2 AND state = 2",
            id, token);
        released_ = true;
        return status.ok() ? CheckLease(connection, id) : status;
      });
  co_return co_await std::move(write);
}

absl::StatusOr<std::vector<JobCount>> SqliteStore::Count() {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask("SELECT kind, state, count(*) FROM jobs GROUP BY kind, state");
  std::vector<JobCount> counts;
  while (true) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return counts;
    counts.push_back(JobCount{query.Bytes(0), static_cast<JobState>(query.Int(1)), query.Int(2)});
  }
}

absl::StatusOr<std::optional<absl::Time>> SqliteStore::OldestWaiting(const std::string& kind) {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask(
      "SELECT create_us FROM jobs WHERE state = 1 AND kind = ?1 ORDER BY seq LIMIT 1", kind);
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? std::optional<absl::Time>(query.Time(0)) : std::nullopt;
}

}  // namespace slipway::jobs
