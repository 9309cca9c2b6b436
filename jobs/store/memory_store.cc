#include "jobs/store/memory_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "jobs/store/completion.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"

namespace slipway::jobs {
namespace {

template <typename T>
rpc::Task<T> Later(rpc::Executor& executor, T value) {
  auto completion = std::make_shared<Completion<T>>(executor);
  completion->Resolve(std::move(value));
  return Completion<T>::Wait(std::move(completion));
}

}  // namespace

JobRow MemoryStore::Insert(NewJob job) {
  Entry entry;
  entry.row.id = NewJobId(job.create_time);
  entry.row.kind = std::move(job.kind);
  entry.row.correlation_id = std::move(job.correlation_id);
  entry.row.create_time = job.create_time;
  entry.payload = std::move(job.payload);
  JobRow row = entry.row;
  // Before it can be leased, and without the mutex: who is told may be about to ask the store.
  accepted_.Notify(row);
  const std::lock_guard lock(mutex_);
  const int64_t sequence = entries_.empty() ? 1 : entries_.rbegin()->first + 1;
  by_id_[row.id] = sequence;
  entries_.emplace(sequence, std::move(entry));
  return row;
}

rpc::Task<absl::StatusOr<JobRow>> MemoryStore::Submit(rpc::Executor& executor, NewJob job) {
  absl::StatusOr<JobRow> row = Insert(std::move(job));
  runnable_.Notify();
  auto later = Later(executor, std::move(row));
  co_return co_await std::move(later);
}

rpc::Task<absl::StatusOr<JobRow>> MemoryStore::Get(rpc::Executor&, std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) co_return JobNotFound(id);
  co_return entries_.at(found->second).row;
}

rpc::Task<absl::StatusOr<JobOutcome>> MemoryStore::GetOutcome(rpc::Executor&, std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) co_return JobNotFound(id);
  const Entry& entry = entries_.at(found->second);
  JobOutcome outcome;
  outcome.row = entry.row;
  outcome.result = entry.result;
  co_return outcome;
}

rpc::Task<absl::StatusOr<JobPage>> MemoryStore::List(rpc::Executor&, int page_size,
                                                     std::string page_token) {
  int64_t before = std::numeric_limits<int64_t>::max();
  if (!page_token.empty()) {
    SLIPWAY_CO_ASSIGN_OR_RETURN(before, DecodePageToken(page_token));
  }
  JobPage page;
  const std::lock_guard lock(mutex_);
  auto next = std::make_reverse_iterator(entries_.lower_bound(before));
  int64_t last = 0;
  for (; next != entries_.rend(); ++next) {
    if (page.jobs.size() == static_cast<size_t>(page_size)) {
      page.next_page_token = EncodePageToken(last);
      break;
    }
    last = next->first;
    page.jobs.push_back(next->second.row);
  }
  co_return page;
}

std::optional<LeasedJob> MemoryStore::Lease(const std::vector<std::string>& kinds, absl::Time now,
                                            absl::Duration duration) {
  const std::lock_guard lock(mutex_);
  for (auto& [sequence, entry] : entries_) {
    const bool waits = entry.row.state == JobState::kAccepted ||
                       (entry.row.state == JobState::kRunning && entry.lease_until <= now);
    if (!waits || std::find(kinds.begin(), kinds.end(), entry.row.kind) == kinds.end()) continue;
    const bool recovered = entry.row.state == JobState::kRunning;
    entry.row.state = JobState::kRunning;
    entry.row.attempt += 1;
    entry.row.start_time = now;
    entry.token += 1;
    entry.lease_until = now + duration;
    return LeasedJob{entry.row, entry.payload, entry.token, recovered};
  }
  return std::nullopt;
}

rpc::Task<absl::StatusOr<std::optional<LeasedJob>>> MemoryStore::LeaseNext(
    rpc::Executor& executor, std::vector<std::string> kinds, absl::Time now,
    absl::Duration duration) {
  absl::StatusOr<std::optional<LeasedJob>> leased = Lease(kinds, now, duration);
  auto later = Later(executor, std::move(leased));
  co_return co_await std::move(later);
}

absl::StatusOr<MemoryStore::Entry*> MemoryStore::Leased(const std::string& id, int64_t token) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return JobNotFound(id);
  Entry& entry = entries_.at(found->second);
  if (entry.row.state != JobState::kRunning || entry.token != token) return LeaseLost(id);
  return &entry;
}

rpc::Task<absl::Status> MemoryStore::Complete(rpc::Executor& executor, std::string id,
                                              int64_t token, absl::Time now, JobResult result) {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    const absl::StatusOr<Entry*> entry = Leased(id, token);
    status = entry.status();
    if (status.ok()) {
      (*entry)->row.state = JobState::kSucceeded;
      (*entry)->row.end_time = now;
      (*entry)->result = std::move(result);
    }
  }
  auto later = Later(executor, std::move(status));
  co_return co_await std::move(later);
}

rpc::Task<absl::Status> MemoryStore::Fail(rpc::Executor& executor, std::string id, int64_t token,
                                          absl::Time now, rpc::Status error) {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    const absl::StatusOr<Entry*> entry = Leased(id, token);
    status = entry.status();
    if (status.ok()) {
      (*entry)->row.state = JobState::kFailed;
      (*entry)->row.end_time = now;
      (*entry)->row.error = std::move(error);
    }
  }
  auto later = Later(executor, std::move(status));
  co_return co_await std::move(later);
}

rpc::Task<absl::Status> MemoryStore::Release(rpc::Executor& executor, std::string id,
                                             int64_t token) {
  absl::Status status;
  {
    const std::lock_guard lock(mutex_);
    const absl::StatusOr<Entry*> entry = Leased(id, token);
    status = entry.status();
    if (status.ok()) {
      (*entry)->row.state = JobState::kAccepted;
      (*entry)->row.start_time.reset();
    }
  }
  if (status.ok()) runnable_.Notify();
  auto later = Later(executor, std::move(status));
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
  const std::lock_guard lock(mutex_);
  for (const auto& [sequence, entry] : entries_) {
    if (entry.row.kind == kind && entry.row.state == JobState::kAccepted) {
      return entry.row.create_time;
    }
  }
  return std::optional<absl::Time>();
}

}  // namespace slipway::jobs
