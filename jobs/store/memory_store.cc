#include "jobs/store/memory_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"
#include "rpc/completion.h"

namespace slipway::jobs {
namespace {

template <typename T>
rpc::Task<T> Later(rpc::Executor& executor, T value) {
  auto completion = std::make_shared<rpc::Completion<T>>(executor);
  completion->Resolve(std::move(value));
  return rpc::Completion<T>::Wait(std::move(completion));
}

bool Matches(const JobRow& row, const JobQuery& query) {
  return (!query.owner || row.owner == *query.owner) &&
         (!query.state || row.state == *query.state) &&
         (query.kind.empty() || row.kind == query.kind) &&
         !(row.expire_time && *row.expire_time <= query.now);
}

}  // namespace

MemoryStore::MemoryStore(Limits limits) : limits_(limits), secret_(RandomBytes(32)) {}

MemoryStore::Change::Change(MemoryStore& store)
    : store_(store), telling_(store.telling_), lock_(store.mutex_) {}

MemoryStore::Change::~Change() {
  lock_.unlock();
  store_.news_.Tell(events_);
  store_.news_.TellLater(events_);
}

absl::StatusOr<std::optional<JobRow>> MemoryStore::FindKey(const std::string& owner,
                                                           const std::string& key,
                                                           const std::string& fingerprint) const {
  if (key.empty()) return std::nullopt;
  const auto found = by_key_.find({owner, key});
  if (found == by_key_.end()) return std::nullopt;
  const Entry& entry = entries_.at(found->second);
  if (entry.job.fingerprint != fingerprint) return KeyUsed(key);
  return entry.row;
}

absl::StatusOr<JobRow> MemoryStore::Insert(Change& change, NewJob job) {
  SLIPWAY_ASSIGN_OR_RETURN(auto same, FindKey(job.owner, job.idempotency_key, job.fingerprint));
  if (same) return *std::move(same);
  if (waiting_ >= limits_.max_waiting) return TooManyWaiting(waiting_);
  Entry entry;
  entry.row.id = NewJobId(job.create_time);
  entry.row.kind = job.kind;
  entry.row.max_attempts = job.max_attempts;
  entry.row.correlation_id = job.correlation_id;
  entry.row.owner = job.owner;
  entry.row.create_time = job.create_time;
  entry.row.not_before = job.not_before;
  entry.row.ready_time = ReadyTime(job.create_time, job.not_before);
  entry.job = std::move(job);
  ++waiting_;
  JobRow row = entry.row;
  by_id_[row.id] = ++last_sequence_;
  if (!entry.job.idempotency_key.empty()) {
    by_key_[{row.owner, entry.job.idempotency_key}] = last_sequence_;
  }
  open_.insert(last_sequence_);
  entries_.emplace(last_sequence_, std::move(entry));
  change.Happened(JobEvent::Type::kAccepted, JobState::kAccepted, row);
  return row;
}

rpc::Task<absl::StatusOr<JobRow>> MemoryStore::Submit(rpc::Executor& executor, NewJob job) {
  absl::StatusOr<JobRow> row;
  {
    Change change(*this);
    row = Insert(change, std::move(job));
  }
  auto later = Later(executor, std::move(row));
  co_return co_await std::move(later);
}

rpc::Task<absl::StatusOr<std::optional<JobRow>>> MemoryStore::FindByKey(rpc::Executor&,
                                                                        std::string owner,
                                                                        std::string key,
                                                                        std::string fingerprint) {
  const std::lock_guard lock(mutex_);
  co_return FindKey(owner, key, fingerprint);
}

absl::StatusOr<MemoryStore::Entries::iterator> MemoryStore::Find(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return JobNotFound(id);
  return entries_.find(found->second);
}

rpc::Task<absl::StatusOr<JobRow>> MemoryStore::Get(rpc::Executor&, std::string id) {
  const std::lock_guard lock(mutex_);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const auto found, Find(id));
  co_return found->second.row;
}

rpc::Task<absl::StatusOr<JobOutcome>> MemoryStore::GetOutcome(rpc::Executor&, std::string id) {
  const std::lock_guard lock(mutex_);
  SLIPWAY_CO_ASSIGN_OR_RETURN(const auto found, Find(id));
  const Entry& entry = found->second;
  JobOutcome outcome;
  outcome.row = entry.row;
  outcome.has_result = entry.row.state == JobState::kSucceeded && !entry.emptied;
  outcome.result = entry.result;
  outcome.attachment = entry.job.attachment;
  co_return outcome;
}

rpc::Task<absl::StatusOr<JobPage>> MemoryStore::List(rpc::Executor&, JobQuery query) {
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!query.page_token.empty()) {
    SLIPWAY_CO_ASSIGN_OR_RETURN(before, DecodePageToken(query.page_token));
  }
  JobPage page;
  const std::lock_guard lock(mutex_);
  int64_t last = 0;
  for (auto next = std::make_reverse_iterator(entries_.lower_bound(before));
       next != entries_.rend(); ++next) {
    if (!Matches(next->second.row, query)) continue;
    if (page.jobs.size() == static_cast<size_t>(query.page_size)) {
      page.next_page_token = EncodePageToken(last);
      break;
    }
    last = next->first;
    page.jobs.push_back(next->second.row);
  }
  co_return page;
}

void MemoryStore::EndWaits(const std::string& kind, JobTime now) {
  for (const int64_t sequence : open_) {
    Entry& entry = entries_.at(sequence);
    if (entry.row.kind != kind || entry.row.state != JobState::kAccepted) continue;
    if (entry.row.not_before && *entry.row.not_before <= now.wall) entry.row.not_before.reset();
    if (entry.retry_time && *entry.retry_time <= now.steady) entry.retry_time.reset();
  }
}

LeaseAnswer MemoryStore::Lease(Change& change, const std::string& kind, JobTime now,
                               absl::Duration duration) {
  EndWaits(kind, now);
  LeaseAnswer answer;
  for (auto next = open_.begin(); next != open_.end();) {
    Entry& entry = entries_.at(*next++);  // a step further, since the entry may end
    JobRow& row = entry.row;
    if (row.kind != kind) continue;
    const bool expired = row.state == JobState::kRunning;
    // When it may be leased, as a steady time.
    absl::Time from = expired ? entry.lease_until : entry.retry_time.value_or(now.steady);
    if (!expired && row.not_before) from = now.steady + (*row.not_before - now.wall);
    if (from > now.steady) {
      answer.ask_again = std::min(answer.ask_again, from);
      continue;
    }
    if (expired && row.attempt >= row.max_attempts) {
      End(change, entry, JobState::kFailed, now.wall, WorkerDied(row.attempt));
      continue;
    }
    const JobState before = row.state;
    if (!expired) --waiting_;
    row.state = JobState::kRunning;
    row.attempt += 1;
    row.progress = 0;
    row.start_time = now.wall;
    row.not_before.reset();
    entry.retry_time.reset();
    entry.token += 1;
    entry.lease_until = now.steady + duration;
    change.Happened(JobEvent::Type::kLeased, before, row, /*first_lease=*/entry.token == 1);
    answer.job = LeasedJob{row, entry.job.payload, entry.token};
    answer.ask_again = absl::InfiniteFuture();
    break;
  }
  return answer;
}

rpc::Task<absl::StatusOr<LeaseAnswer>> MemoryStore::LeaseNext(rpc::Executor& executor,
                                                              std::string kind, JobTime now,
                                                              absl::Duration duration) {
  absl::StatusOr<LeaseAnswer> leased;
  {
    Change change(*this);
    leased = Lease(change, kind, now, duration);
  }
  auto later = Later(executor, std::move(leased));
  co_return co_await std::move(later);
}

absl::StatusOr<MemoryStore::Entry*> MemoryStore::Leased(const std::string& id, int64_t token) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto found, Find(id));
  Entry& entry = found->second;
  if (entry.row.state != JobState::kRunning || entry.token != token) return LeaseLost(id);
  return &entry;
}

void MemoryStore::End(Change& change, Entry& entry, JobState state, absl::Time now,
                      rpc::Status error) {
  const JobState before = entry.row.state;
  if (before == JobState::kAccepted) --waiting_;
  open_.erase(by_id_.at(entry.row.id));
  entry.row.state = state;
  entry.row.end_time = now;
  entry.row.expire_time = now + entry.job.result_lifetime;
  entry.row.not_before.reset();
  entry.row.error = std::move(error);
  entry.job.payload.clear();
  change.Happened(JobEvent::Type::kEnded, before, entry.row);
}

template <typename Work>
rpc::Task<absl::Status> MemoryStore::WithLease(rpc::Executor& executor, std::string id,
                                               int64_t token, Work work) {
  absl::Status status;
  {
    Change change(*this);
    const absl::StatusOr<Entry*> entry = Leased(id, token);
    status = entry.status();
    if (status.ok()) work(change, **entry);
  }
  auto later = Later(executor, std::move(status));
  co_return co_await std::move(later);
}

rpc::Task<absl::Status> MemoryStore::Extend(rpc::Executor& executor, std::string id, int64_t token,
                                            absl::Time until, int progress) {
  return WithLease(executor, std::move(id), token, [until, progress](Change&, Entry& entry) {
    entry.lease_until = until;
    entry.row.progress = progress;
  });
}

rpc::Task<absl::Status> MemoryStore::Complete(rpc::Executor& executor, std::string id,
                                              int64_t token, absl::Time now, JobResult result) {
  return WithLease(executor, std::move(id), token,
                   [this, now, result = std::move(result)](Change& change, Entry& entry) mutable {
                     entry.row.progress = 100;
                     entry.result = std::move(result);
                     End(change, entry, JobState::kSucceeded, now, rpc::Status());
                   });
}

rpc::Task<absl::Status> MemoryStore::Fail(rpc::Executor& executor, std::string id, int64_t token,
                                          absl::Time now, rpc::Status error) {
  return WithLease(executor, std::move(id), token,
                   [this, now, error = std::move(error)](Change& change, Entry& entry) mutable {
                     End(change, entry, JobState::kFailed, now, std::move(error));
                   });
}

void MemoryStore::Wait(Change& change, JobEvent::Type type, Entry& entry) {
  ++waiting_;
  entry.row.state = JobState::kAccepted;
  entry.row.progress = 0;
  change.Happened(type, JobState::kRunning, entry.row);
}

rpc::Task<absl::Status> MemoryStore::Retry(rpc::Executor& executor, std::string id, int64_t token,
                                           rpc::Status error, absl::Time wake) {
  return WithLease(executor, std::move(id), token,
                   [this, wake, error = std::move(error)](Change& change, Entry& entry) mutable {
                     entry.row.error = std::move(error);
                     entry.retry_time = wake;
                     Wait(change, JobEvent::Type::kRetried, entry);
                   });
}

rpc::Task<absl::Status> MemoryStore::Release(rpc::Executor& executor, std::string id,
                                             int64_t token) {
  return WithLease(executor, std::move(id), token, [this](Change& change, Entry& entry) {
    entry.row.attempt -= 1;
    Wait(change, JobEvent::Type::kGivenBack, entry);
  });
}

rpc::Task<absl::StatusOr<JobRow>> MemoryStore::Cancel(rpc::Executor& executor, std::string id,
                                                      absl::Time now, std::string message) {
  absl::StatusOr<JobRow> row;
  {
    Change change(*this);
    const auto found = Find(id);
    row = found.ok() ? absl::StatusOr<JobRow>(JobRow()) : found.status();
    if (found.ok()) {
      Entry& entry = (*found)->second;
      if (!Ended(entry.row.state)) {
        entry.token += 1;
        End(change, entry, JobState::kCancelled, now,
            rpc::Status(absl::StatusCode::kCancelled, std::move(message)));
      }
      row = entry.row;
    }
  }
  auto later = Later(executor, std::move(row));
  co_return co_await std::move(later);
}

void MemoryStore::Forget(Change& change, Entries::iterator entry) {
  change.Happened(JobEvent::Type::kForgotten, entry->second.row.state, entry->second.row);
  by_id_.erase(entry->second.row.id);
  by_key_.erase({entry->second.row.owner, entry->second.job.idempotency_key});
  entries_.erase(entry);
}

rpc::Task<absl::Status> MemoryStore::Delete(rpc::Executor& executor, std::string id) {
  absl::Status status;
  {
    Change change(*this);
    const auto found = Find(id);
    status = found.status();
    if (status.ok() && !Ended((*found)->second.row.state)) {
      status = NotEnded((*found)->second.row);
    } else if (status.ok()) {
      Forget(change, *found);
    }
  }
  auto later = Later(executor, std::move(status));
  co_return co_await std::move(later);
}

rpc::Task<absl::StatusOr<size_t>> MemoryStore::Purge(rpc::Executor& executor, absl::Time now,
                                                     size_t limit) {
  size_t purged = 0;
  {
    Change change(*this);
    for (auto next = entries_.begin(); next != entries_.end() && purged < limit;) {
      const auto entry = next++;
      const std::optional<absl::Time> expired = entry->second.row.expire_time;
      if (!expired || *expired > now) continue;
      if (*expired + limits_.remember <= now) {
        Forget(change, entry);
        ++purged;
      } else if (!std::exchange(entry->second.emptied, true)) {
        entry->second.result = JobResult();
        entry->second.job.attachment.clear();
        ++purged;
      }
    }
  }
  absl::StatusOr<size_t> answer = purged;
  auto later = Later(executor, std::move(answer));
  co_return co_await std::move(later);
}

absl::StatusOr<std::vector<JobCount>> MemoryStore::Count() {
  std::map<std::pair<std::string, JobState>, int64_t> counts;
  const std::lock_guard lock(mutex_);
  for (const auto& [sequence, entry] : entries_) ++counts[{entry.row.kind, entry.row.state}];
  std::vector<JobCount> answer;
  for (const auto& [key, count] : counts) answer.push_back({key.first, key.second, count});
  return answer;
}

absl::StatusOr<std::optional<absl::Time>> MemoryStore::OldestWaiting(const std::string& kind) {
  std::optional<absl::Time> oldest;
  int seen = 0;
  const std::lock_guard lock(mutex_);
  for (const int64_t sequence : open_) {
    const Entry& entry = entries_.at(sequence);
    const bool waits = entry.row.state == JobState::kAccepted && !entry.row.not_before &&
                       !entry.retry_time && entry.row.kind == kind;
    if (!waits) continue;
    oldest = std::min(oldest.value_or(entry.row.ready_time), entry.row.ready_time);
    if (++seen == kFirstInLine) break;
  }
  return oldest;
}

}  // namespace slipway::jobs
