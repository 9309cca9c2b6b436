#include "jobs/store/sqlite_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

#include "base/status_macros.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"
#include "jobs/store/row.h"
#include "jobs/store/stored_answer.h"
#include "jobs/store/tables.h"
#include "jobs/store/transitions.h"

namespace slipway::jobs {
namespace {

// Rows that one page of a list looks at, at most: a few milliseconds.
constexpr int kMaxLooks = 10'000;
// So that times which are computed from it fit.
constexpr absl::Duration kMaxRemember = absl::Hours(24 * 365 * 100);

/// Of the row that `walk` stands on, most of which are looked at for nothing.
bool Matches(const Query& walk, const JobQuery& query) {
  return (!query.state || static_cast<JobState>(walk.Int(kStateColumn)) == *query.state) &&
         !(!walk.IsNull(kExpireColumn) && walk.Time(kExpireColumn) <= query.now) &&
         (query.kind.empty() || walk.View(kKindColumn) == query.kind) &&
         (!query.owner || walk.View(kOwnerColumn) == *query.owner);
}

/// The rows that a list has to look at, newest first, below `before`.
Query Walk(Connection& connection, const JobQuery& query, int64_t before) {
  if (query.owner && !query.owner->empty()) {
    return connection.Ask("SELECT " SLIPWAY_JOB_COLUMNS
                          " FROM jobs INDEXED BY jobs_owned WHERE owner = ?1 AND owner <> x'' "
                          "AND seq < ?2 ORDER BY seq DESC",
                          Blob{*query.owner}, before);
  }
  return connection.Ask("SELECT " SLIPWAY_JOB_COLUMNS " FROM jobs WHERE seq < ?1 ORDER BY seq DESC",
                        before);
}

absl::StatusOr<JobPage> ReadPage(Connection& connection, const JobQuery& query, int64_t before) {
  Query walk = Walk(connection, query, before);
  JobPage page;
  int64_t last = before;
  for (int looks = 0;; ++looks) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool found, walk.Next());
    if (!found) return page;
    const bool matches = Matches(walk, query);
    // One more than asked for shows that there is another page.
    const bool full = matches && page.jobs.size() == static_cast<size_t>(query.page_size);
    if (full || looks == kMaxLooks) {
      page.next_page_token = EncodePageToken(last);
      return page;
    }
    last = walk.Int(kSeqColumn);
    if (matches) page.jobs.push_back(ReadJobRow(walk));
  }
}

}  // namespace

Component SqliteStore::Tables() { return JobTables(); }

SqliteStore::SqliteStore(Database& database, Limits limits)
    : database_(database),
      limits_{limits.max_waiting, std::min(limits.remember, kMaxRemember)},
      loaded_(Load()),
      before_commits_(database.OnBeforeCommit([this](Connection& connection, absl::Status& status) {
        if (status.ok()) status = WriteCounts(connection);
      })),
      commits_(database.OnCommit([this](const CommitReport& report) { Committed(report); })),
      answers_(database.OnAnswered([this](const CommitReport&) { Answered(); })) {}

SqliteStore::~SqliteStore() { database_.Flush(); }

absl::Status SqliteStore::Load() {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask(
      "SELECT secret, (SELECT coalesce(sum(n), 0) FROM job_counts WHERE state = 1) "
      "FROM job_secret");
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  secret_ = query.Bytes(0);
  waiting_ = waiting_on_disk_ = query.Int(1);
  return absl::OkStatus();
}

template <typename Result, typename Work>
rpc::Task<Result> SqliteStore::Write(rpc::Executor& executor, Work work) {
  return database_.Write<Result>(
      executor, [this, work = std::move(work)](Connection& connection) -> Result {
        if (!loaded_.ok()) return loaded_;
        const size_t before = events_.size();
        Result result = work(connection, events_);
        if (result.ok()) {
          CountWaiting(before);
        } else {
          events_.erase(events_.begin() + static_cast<ptrdiff_t>(before), events_.end());
        }
        return result;
      });
}

void SqliteStore::CountWaiting(size_t first_event) {
  for (size_t i = first_event; i < events_.size(); ++i) {
    const JobEvent& event = events_[i];
    const bool waited =
        event.type != JobEvent::Type::kAccepted && event.before == JobState::kAccepted;
    const bool waits = event.after.state == JobState::kAccepted;
    waiting_ += static_cast<int64_t>(waits) - static_cast<int64_t>(waited);
  }
}

/// Once for a whole transaction, so that counting costs a job next to nothing.
absl::Status SqliteStore::WriteCounts(Connection& connection) const {
  std::map<std::pair<std::string_view, JobState>, int64_t> changes;
  for (const JobEvent& event : events_) {
    if (event.type != JobEvent::Type::kAccepted) --changes[{event.after.kind, event.before}];
    if (event.type != JobEvent::Type::kForgotten) ++changes[{event.after.kind, event.after.state}];
  }
  for (const auto& [key, change] : changes) {
    if (change == 0) continue;
    SLIPWAY_RETURN_IF_ERROR(
        connection.Run("INSERT INTO job_counts(kind, state, n) VALUES(?1, ?2, ?3) "
                       "ON CONFLICT(kind, state) DO UPDATE SET n = n + excluded.n",
                       key.first, static_cast<int64_t>(key.second), change));
  }
  return absl::OkStatus();
}

void SqliteStore::Committed(const CommitReport& report) {
  if (report.status.ok()) {
    waiting_on_disk_ = waiting_;
    news_.Tell(events_);
  } else {
    waiting_ = waiting_on_disk_;
    events_.clear();
    due_.Forget();
  }
}

void SqliteStore::Answered() {
  news_.TellLater(events_);
  events_.clear();
}

absl::StatusOr<JobRow> SqliteStore::Insert(Connection& connection, const NewJob& job,
                                           std::vector<JobEvent>& events) {
  SLIPWAY_ASSIGN_OR_RETURN(
      auto same, FindSubmitted(connection, job.owner, job.idempotency_key, job.fingerprint));
  if (same) return *std::move(same);
  if (waiting_ >= limits_.max_waiting) return TooManyWaiting(waiting_);
  return InsertJob(connection, due_, job, events);
}

rpc::Task<absl::StatusOr<JobRow>> SqliteStore::Submit(rpc::Executor& executor, NewJob job) {
  return Write<absl::StatusOr<JobRow>>(
      executor, [this, job = std::move(job)](Connection& connection, JobEvents& events) {
        return Insert(connection, job, events);
      });
}

rpc::Task<absl::StatusOr<std::optional<JobRow>>> SqliteStore::FindByKey(rpc::Executor&,
                                                                        std::string owner,
                                                                        std::string key,
                                                                        std::string fingerprint) {
  // Its answer acknowledges a submission, which nothing may do once it is in doubt what is on disk.
  SLIPWAY_CO_RETURN_IF_ERROR(Health());
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  co_return FindSubmitted(*reader, owner, key, fingerprint);
}

rpc::Task<absl::StatusOr<JobRow>> SqliteStore::Get(rpc::Executor&, std::string id) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask("SELECT " SLIPWAY_JOB_COLUMNS " FROM jobs WHERE id = ?1", id);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) co_return JobNotFound(id);
  co_return ReadJobRow(query);
}

rpc::Task<absl::StatusOr<JobOutcome>> SqliteStore::GetOutcome(rpc::Executor&, std::string id) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query =
      reader->Ask("SELECT " SLIPWAY_JOB_COLUMNS ", result, attachment FROM jobs WHERE id = ?1", id);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const bool found, query.Next());
  if (!found) co_return JobNotFound(id);
  JobOutcome outcome;
  outcome.row = ReadJobRow(query);
  outcome.has_result = !query.IsNull(kJobColumns);
  if (outcome.has_result) outcome.result = DecodeResult(query.View(kJobColumns));
  outcome.attachment = query.Bytes(kJobColumns + 1);
  co_return outcome;
}

rpc::Task<absl::StatusOr<JobPage>> SqliteStore::List(rpc::Executor&, JobQuery query) {
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!query.page_token.empty()) {
    SLIPWAY_CO_ASSIGN_OR_RETURN(before, DecodePageToken(query.page_token));
  }
  SLIPWAY_CO_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  co_return ReadPage(*reader, query, before);
}

rpc::Task<absl::StatusOr<LeaseAnswer>> SqliteStore::LeaseNext(rpc::Executor& executor,
                                                              std::string kind, JobTime now,
                                                              absl::Duration duration) {
  return Write<absl::StatusOr<LeaseAnswer>>(
      executor,
      [this, kind = std::move(kind), now, duration](Connection& connection, JobEvents& events) {
        auto answer = LeaseNextJob(connection, due_, kind, now, duration, events);
        if (!answer.ok()) due_.Forget();
        return answer;
      });
}

rpc::Task<absl::Status> SqliteStore::Extend(rpc::Executor& executor, std::string id, int64_t token,
                                            absl::Time until, int progress) {
  return Write<absl::Status>(executor, [this, lease = LeaseRef{std::move(id), token}, until,
                                        progress](Connection& connection, JobEvents&) {
    return ExtendLease(connection, due_, lease, until, progress);
  });
}

rpc::Task<absl::Status> SqliteStore::Complete(rpc::Executor& executor, std::string id,
                                              int64_t token, absl::Time now, JobResult result) {
  return Write<absl::Status>(executor, [lease = LeaseRef{std::move(id), token}, now,
                                        bytes = EncodeResult(std::move(result))](
                                           Connection& connection, JobEvents& events) {
    return CompleteJob(connection, lease, now, bytes, events);
  });
}

rpc::Task<absl::Status> SqliteStore::Fail(rpc::Executor& executor, std::string id, int64_t token,
                                          absl::Time now, rpc::Status error) {
  return Write<absl::Status>(
      executor, [lease = LeaseRef{std::move(id), token}, now, error = std::move(error)](
                    Connection& connection, JobEvents& events) {
        return FailJob(connection, lease, now, error, events);
      });
}

rpc::Task<absl::Status> SqliteStore::Retry(rpc::Executor& executor, std::string id, int64_t token,
                                           rpc::Status error, absl::Time wake) {
  return Write<absl::Status>(
      executor, [this, lease = LeaseRef{std::move(id), token}, error = std::move(error), wake](
                    Connection& connection, JobEvents& events) {
        return RetryJob(connection, due_, lease, error, wake, events);
      });
}

rpc::Task<absl::Status> SqliteStore::Release(rpc::Executor& executor, std::string id,
                                             int64_t token) {
  return Write<absl::Status>(executor, [lease = LeaseRef{std::move(id), token}](
                                           Connection& connection, JobEvents& events) {
    return ReleaseJob(connection, lease, events);
  });
}

rpc::Task<absl::StatusOr<JobRow>> SqliteStore::Cancel(rpc::Executor& executor, std::string id,
                                                      absl::Time now, std::string message) {
  return Write<absl::StatusOr<JobRow>>(
      executor, [id = std::move(id), now, message = std::move(message)](Connection& connection,
                                                                        JobEvents& events) {
        return CancelJob(connection, id, now, message, events);
      });
}

rpc::Task<absl::Status> SqliteStore::Delete(rpc::Executor& executor, std::string id) {
  return Write<absl::Status>(executor,
                             [id = std::move(id)](Connection& connection, JobEvents& events) {
                               return DeleteJob(connection, id, events);
                             });
}

rpc::Task<absl::StatusOr<size_t>> SqliteStore::Purge(rpc::Executor& executor, absl::Time now,
                                                     size_t limit) {
  return Write<absl::StatusOr<size_t>>(
      executor, [this, now, limit](Connection& connection, JobEvents& events) {
        return PurgeJobs(connection, now, limits_.remember, limit, events);
      });
}

absl::StatusOr<std::vector<JobCount>> SqliteStore::Count() {
  SLIPWAY_ASSIGN_OR_RETURN(Connection * reader, database_.Reader());
  Query query = reader->Ask("SELECT kind, state, n FROM job_counts WHERE n > 0");
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
      "SELECT min(ready_us) FROM (SELECT ready_us FROM jobs INDEXED BY jobs_ready WHERE state = 1 "
      "AND wake_us IS NULL AND kind = ?1 ORDER BY seq LIMIT ?2)",
      kind, int64_t{kFirstInLine});
  SLIPWAY_RETURN_IF_ERROR(query.Next().status());
  return query.OptionalTime(0);
}

}  // namespace slipway::jobs
