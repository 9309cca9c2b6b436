#include "jobs/store/transitions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"
#include "jobs/store/row.h"

namespace slipway::jobs {
namespace {

// Longer lifetimes are cut: the times they end at would not fit.
constexpr absl::Duration kMaxLifetime = absl::Hours(24 * 365 * 100);

/// The row of a statement that has one at most, which is run to its end.
absl::StatusOr<std::optional<JobRow>> OnlyRow(Query query) {
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) return std::optional<JobRow>();
  JobRow row = ReadJobRow(query);
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  return std::optional<JobRow>(std::move(row));
}

absl::StatusOr<std::optional<JobRow>> FindJob(Connection& connection, const std::string& id) {
  return OnlyRow(connection.Ask("SELECT " SLIPWAY_JOB_COLUMNS " FROM jobs WHERE id = ?1", id));
}

/// After a statement that changes the job of `lease` if that holds, and returns it.
absl::StatusOr<JobRow> CheckLease(Connection& connection, const LeaseRef& lease,
                                  absl::StatusOr<std::optional<JobRow>> changed) {
  if (!changed.ok()) return changed.status();
  if (*changed) return **std::move(changed);
  SLIPWAY_ASSIGN_OR_RETURN(const auto row, FindJob(connection, lease.id));
  return row ? LeaseLost(lease.id) : JobNotFound(lease.id);
}

/// Notes that a leased job has changed, if it has.
absl::Status NoteChange(absl::StatusOr<JobRow> after, JobEvent::Type type, JobEvents& events) {
  if (!after.ok()) return after.status();
  events.push_back({type, JobState::kRunning, *std::move(after)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<JobRow>> FindSubmitted(Connection& connection,
                                                    const std::string& owner,
                                                    const std::string& key,
                                                    const std::string& fingerprint) {
  if (key.empty()) return std::optional<JobRow>();
  Query query = connection.Ask("SELECT " SLIPWAY_JOB_COLUMNS
                               ", fingerprint FROM jobs INDEXED BY jobs_idempotency "
                               "WHERE owner = ?1 AND idempotency_key = ?2",
                               Blob{owner}, Blob{key});
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) return std::optional<JobRow>();
  if (query.Bytes(kJobColumns) != fingerprint) return KeyUsed(key);
  return std::optional<JobRow>(ReadJobRow(query));
}

absl::StatusOr<JobRow> InsertJob(Connection& connection, DueTimes& due, const NewJob& job,
                                 JobEvents& events) {
  // As it is read back: times in microseconds.
  const auto kept = [](absl::Time time) { return absl::FromUnixMicros(absl::ToUnixMicros(time)); };
  JobRow row;
  row.id = NewJobId(job.create_time);
  row.kind = job.kind;
  row.max_attempts = job.max_attempts;
  row.correlation_id = job.correlation_id;
  row.owner = job.owner;
  row.create_time = kept(job.create_time);
  if (job.not_before) row.not_before = kept(*job.not_before);
  row.ready_time = ReadyTime(row.create_time, row.not_before);
  const absl::Duration lifetime =
      std::clamp(job.result_lifetime, absl::ZeroDuration(), kMaxLifetime);
  const auto key =
      job.idempotency_key.empty() ? std::nullopt : std::optional<Blob>(Blob{job.idempotency_key});
  SLIPWAY_RETURN_IF_ERROR(connection.Run(
      "INSERT INTO jobs(id, kind, state, attempt, max_attempts, token, progress, wake_us, "
      "wake_clock, correlation_id, owner, create_us, ready_us, lifetime_us, idempotency_key, "
      "fingerprint, attachment, payload) VALUES(?1, ?2, 1, 0, ?3, 0, 0, ?4, 0, ?5, ?6, ?7, ?8, "
      "?9, ?10, ?11, ?12, ?13)",
      row.id, row.kind, int64_t{row.max_attempts}, row.not_before, row.correlation_id,
      Blob{row.owner}, row.create_time, row.ready_time, absl::ToInt64Microseconds(lifetime), key,
      Blob{job.fingerprint}, Blob{job.attachment}, Blob{job.payload}));
  if (row.not_before) due.Waits(row.kind, *row.not_before);
  events.push_back({JobEvent::Type::kAccepted, JobState::kAccepted, row});
  return row;
}

namespace {

// Jobs that many callers set for the same hour must not hold the writer up: more of them than this
// take their place one question for a lease after the other.
constexpr int64_t kMostEndedWaits = 1000;

/// Looks up what is due next of `kind`.
absl::Status LookUp(Connection& connection, const std::string& kind, DueTimes::Kind& due) {
  Query query = connection.Ask(
      "SELECT (SELECT min(wake_us) FROM jobs INDEXED BY jobs_delayed WHERE state = 1 "
      "AND wake_us IS NOT NULL AND kind = ?1 AND wake_clock = 0), "
      "(SELECT min(wake_us) FROM jobs INDEXED BY jobs_delayed WHERE state = 1 "
      "AND wake_us IS NOT NULL AND kind = ?1 AND wake_clock = 1), "
      "(SELECT min(lease_until_us) FROM jobs INDEXED BY jobs_leased WHERE state = 2 "
      "AND kind = ?1)",
      kind);
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  const auto time = [&](int column) {
    return query.IsNull(column) ? DueTimes::kNever : query.Int(column);
  };
  due = {time(0), time(1), time(2)};
  return absl::OkStatus();
}

/// Jobs of `kind` whose time has come wait for a worker only, from now on.
absl::Status EndWaits(Connection& connection, const std::string& kind, DueTimes::Kind& due,
                      JobTime now) {
  const bool none = absl::ToUnixMicros(now.wall) < due.not_before_us &&
                    absl::ToUnixMicros(now.steady) < due.retry_us;
  if (none) return absl::OkStatus();
  for (const auto& [clock, time] : {std::pair{int64_t{0}, now.wall}, {int64_t{1}, now.steady}}) {
    SLIPWAY_RETURN_IF_ERROR(connection.Run(
        "UPDATE jobs SET wake_us = NULL WHERE seq IN (SELECT seq FROM jobs INDEXED BY jobs_delayed "
        "WHERE state = 1 AND wake_us IS NOT NULL AND kind = ?1 AND wake_clock = ?2 "
        "AND wake_us <= ?3 ORDER BY wake_us LIMIT ?4)",
        kind, clock, time, kMostEndedWaits));
  }
  return LookUp(connection, kind, due);
}

struct Leasable {
  int64_t seq;
  JobState state;
};

absl::StatusOr<std::optional<Leasable>> FindLeasable(Connection& connection,
                                                     const std::string& kind, DueTimes::Kind& due,
                                                     absl::Time steady) {
  std::optional<Leasable> first;
  {
    Query ready = connection.Ask(
        "SELECT seq FROM jobs INDEXED BY jobs_ready WHERE state = 1 "
        "AND wake_us IS NULL AND kind = ?1 ORDER BY seq LIMIT 1",
        kind);
    SLIPWAY_ASSIGN_OR_RETURN(const bool found, ready.Next());
    if (found) first = {ready.Int(0), JobState::kAccepted};
  }
  if (absl::ToUnixMicros(steady) < due.lease_end_us) return first;
  Query expired = connection.Ask(
      "SELECT seq FROM jobs INDEXED BY jobs_leased WHERE state = 2 AND kind = ?1 "
      "AND lease_until_us <= ?2 ORDER BY seq LIMIT 1",
      kind, steady);
  SLIPWAY_ASSIGN_OR_RETURN(const bool found, expired.Next());
  if (found && (!first || expired.Int(0) < first->seq)) {
    first = {expired.Int(0), JobState::kRunning};
  }
  if (!found) SLIPWAY_RETURN_IF_ERROR(LookUp(connection, kind, due));
  return first;
}

/// Ends the job if its leases are used up; true if so.
absl::StatusOr<bool> EndIfPoison(Connection& connection, int64_t seq, absl::Time wall,
                                 JobEvents& events) {
  int attempts = 0;
  {
    Query query =
        connection.Ask("SELECT attempt FROM jobs WHERE seq = ?1 AND attempt >= max_attempts", seq);
    SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return false;
    attempts = static_cast<int>(query.Int(0));
  }
  const rpc::Status error = WorkerDied(attempts);
  SLIPWAY_ASSIGN_OR_RETURN(
      auto row, OnlyRow(connection.Ask(
                    "UPDATE jobs SET state = 4, lease_until_us = NULL, end_us = ?2, "
                    "expire_us = ?2 + lifetime_us, purge_us = ?2 + lifetime_us, error_code = ?3, "
                    "error_message = ?4, error_details = x'', payload = x'' WHERE seq = ?1 "
                    "RETURNING " SLIPWAY_JOB_COLUMNS,
                    seq, wall, static_cast<int64_t>(error.code()), error.message())));
  events.push_back({JobEvent::Type::kEnded, JobState::kRunning, *std::move(row)});
  return true;
}

absl::StatusOr<LeasedJob> Lease(Connection& connection, const Leasable& leasable, JobTime now,
                                absl::Duration duration, JobEvents& events) {
  Query query = connection.Ask(
      "UPDATE jobs SET state = 2, attempt = attempt + 1, token = token + 1, progress = 0, "
      "start_us = ?2, lease_until_us = ?3 WHERE seq = ?1 "
      "RETURNING " SLIPWAY_JOB_COLUMNS ", token, payload",
      leasable.seq, now.wall, now.steady + duration);
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  LeasedJob leased{ReadJobRow(query), query.Bytes(kJobColumns + 1), query.Int(kJobColumns)};
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  events.push_back(
      {JobEvent::Type::kLeased, leasable.state, leased.row, /*first_lease=*/leased.token == 1});
  return leased;
}

/// When, as a steady time, something of the kind becomes leasable that is not now.
absl::Time NextChance(const DueTimes::Kind& due, JobTime now) {
  absl::Time next = absl::InfiniteFuture();
  if (due.not_before_us != DueTimes::kNever) {
    next = now.steady + (absl::FromUnixMicros(due.not_before_us) - now.wall);
  }
  for (const int64_t time : {due.retry_us, due.lease_end_us}) {
    if (time != DueTimes::kNever) next = std::min(next, absl::FromUnixMicros(time));
  }
  return next;
}

}  // namespace

absl::StatusOr<LeaseAnswer> LeaseNextJob(Connection& connection, DueTimes& due_times,
                                         const std::string& kind, JobTime now,
                                         absl::Duration duration, JobEvents& events) {
  DueTimes::Kind& due = due_times.Of(kind);
  SLIPWAY_RETURN_IF_ERROR(EndWaits(connection, kind, due, now));
  LeaseAnswer answer;
  while (true) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto leasable, FindLeasable(connection, kind, due, now.steady));
    if (!leasable) break;
    if (leasable->state == JobState::kRunning) {
      SLIPWAY_ASSIGN_OR_RETURN(const bool ended,
                               EndIfPoison(connection, leasable->seq, now.wall, events));
      if (ended) continue;
    }
    SLIPWAY_ASSIGN_OR_RETURN(answer.job, Lease(connection, *leasable, now, duration, events));
    due_times.Leased(kind, now.steady + duration);
    return answer;
  }
  SLIPWAY_RETURN_IF_ERROR(LookUp(connection, kind, due));
  answer.ask_again = NextChance(due, now);
  return answer;
}

absl::Status ExtendLease(Connection& connection, DueTimes& due, const LeaseRef& lease,
                         absl::Time until, int progress) {
  auto changed = OnlyRow(connection.Ask(
      "UPDATE jobs SET lease_until_us = ?3, progress = ?4 WHERE id = ?1 AND token = ?2 "
      "AND state = 2 RETURNING " SLIPWAY_JOB_COLUMNS,
      lease.id, lease.token, until, int64_t{progress}));
  SLIPWAY_ASSIGN_OR_RETURN(const JobRow row, CheckLease(connection, lease, std::move(changed)));
  due.Leased(row.kind, until);
  return absl::OkStatus();
}

absl::Status CompleteJob(Connection& connection, const LeaseRef& lease, absl::Time now,
                         const std::string& result, JobEvents& events) {
  auto changed = OnlyRow(connection.Ask(
      "UPDATE jobs SET state = 3, lease_until_us = NULL, progress = 100, end_us = ?3, "
      "expire_us = ?3 + lifetime_us, purge_us = ?3 + lifetime_us, error_code = NULL, "
      "error_message = NULL, error_details = NULL, result = ?4, payload = x'' WHERE id = ?1 "
      "AND token = ?2 AND state = 2 RETURNING " SLIPWAY_JOB_COLUMNS,
      lease.id, lease.token, now, Blob{result}));
  return NoteChange(CheckLease(connection, lease, std::move(changed)), JobEvent::Type::kEnded,
                    events);
}

absl::Status FailJob(Connection& connection, const LeaseRef& lease, absl::Time now,
                     const rpc::Status& error, JobEvents& events) {
  auto changed = OnlyRow(connection.Ask(
      "UPDATE jobs SET state = 4, lease_until_us = NULL, end_us = ?3, "
      "expire_us = ?3 + lifetime_us, purge_us = ?3 + lifetime_us, error_code = ?4, "
      "error_message = ?5, error_details = ?6, payload = x'' WHERE id = ?1 AND token = ?2 "
      "AND state = 2 RETURNING " SLIPWAY_JOB_COLUMNS,
      lease.id, lease.token, now, static_cast<int64_t>(error.code()), error.message(),
      Blob{error.details()}));
  return NoteChange(CheckLease(connection, lease, std::move(changed)), JobEvent::Type::kEnded,
                    events);
}

absl::Status RetryJob(Connection& connection, DueTimes& due, const LeaseRef& lease,
                      const rpc::Status& error, absl::Time wake, JobEvents& events) {
  auto changed = OnlyRow(connection.Ask(
      "UPDATE jobs SET state = 1, lease_until_us = NULL, progress = 0, wake_us = ?3, "
      "wake_clock = 1, error_code = ?4, error_message = ?5, error_details = ?6 WHERE id = ?1 "
      "AND token = ?2 AND state = 2 RETURNING " SLIPWAY_JOB_COLUMNS,
      lease.id, lease.token, wake, static_cast<int64_t>(error.code()), error.message(),
      Blob{error.details()}));
  SLIPWAY_RETURN_IF_ERROR(NoteChange(CheckLease(connection, lease, std::move(changed)),
                                     JobEvent::Type::kRetried, events));
  due.Retries(events.back().after.kind, wake);
  return absl::OkStatus();
}

absl::Status ReleaseJob(Connection& connection, const LeaseRef& lease, JobEvents& events) {
  auto changed = OnlyRow(connection.Ask(
      "UPDATE jobs SET state = 1, attempt = attempt - 1, lease_until_us = NULL, progress = 0 "
      "WHERE id = ?1 AND token = ?2 AND state = 2 RETURNING " SLIPWAY_JOB_COLUMNS,
      lease.id, lease.token));
  return NoteChange(CheckLease(connection, lease, std::move(changed)), JobEvent::Type::kGivenBack,
                    events);
}

absl::StatusOr<JobRow> CancelJob(Connection& connection, const std::string& id, absl::Time now,
                                 const std::string& message, JobEvents& events) {
  SLIPWAY_ASSIGN_OR_RETURN(auto before, FindJob(connection, id));
  if (!before) return JobNotFound(id);
  if (Ended(before->state)) return *std::move(before);
  // The next token: a worker that still runs it does not have that.
  SLIPWAY_ASSIGN_OR_RETURN(
      auto after,
      OnlyRow(connection.Ask(
          "UPDATE jobs SET state = 5, token = token + 1, lease_until_us = NULL, "
          "wake_us = NULL, end_us = ?2, expire_us = ?2 + lifetime_us, "
          "purge_us = ?2 + lifetime_us, error_code = ?3, error_message = ?4, "
          "error_details = x'', payload = x'' WHERE id = ?1 RETURNING " SLIPWAY_JOB_COLUMNS,
          id, now, static_cast<int64_t>(absl::StatusCode::kCancelled), message)));
  events.push_back({JobEvent::Type::kEnded, before->state, *after});
  return *std::move(after);
}

absl::Status DeleteJob(Connection& connection, const std::string& id, JobEvents& events) {
  SLIPWAY_ASSIGN_OR_RETURN(auto row, FindJob(connection, id));
  if (!row) return JobNotFound(id);
  if (!Ended(row->state)) return NotEnded(*row);
  SLIPWAY_RETURN_IF_ERROR(connection.Run("DELETE FROM jobs WHERE id = ?1", id));
  events.push_back({JobEvent::Type::kForgotten, row->state, *std::move(row)});
  return absl::OkStatus();
}

absl::StatusOr<size_t> PurgeJobs(Connection& connection, absl::Time now, absl::Duration remember,
                                 size_t limit, JobEvents& events) {
  size_t forgotten = 0;
  {
    Query query = connection.Ask(
        "DELETE FROM jobs WHERE seq IN (SELECT seq FROM (SELECT seq, expire_us FROM jobs INDEXED "
        "BY jobs_purge WHERE purge_us <= ?1 ORDER BY purge_us LIMIT ?3) WHERE expire_us <= ?2) "
        "RETURNING " SLIPWAY_JOB_COLUMNS,
        now, now - remember, static_cast<int64_t>(limit));
    for (;; ++forgotten) {
      SLIPWAY_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) break;
      JobRow row = ReadJobRow(query);
      const JobState state = row.state;
      events.push_back({JobEvent::Type::kForgotten, state, std::move(row)});
    }
  }
  SLIPWAY_RETURN_IF_ERROR(connection.Run(
      "UPDATE jobs SET result = NULL, attachment = x'', purge_us = expire_us + ?2 "
      "WHERE seq IN (SELECT seq FROM jobs INDEXED BY jobs_purge WHERE purge_us <= ?1 "
      "ORDER BY purge_us LIMIT ?3)",
      now, absl::ToInt64Microseconds(remember), static_cast<int64_t>(limit - forgotten)));
  return forgotten + static_cast<size_t>(connection.changed_rows());
}

}  // namespace slipway::jobs
