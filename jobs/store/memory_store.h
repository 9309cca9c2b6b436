#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/news.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Jobs in memory, for tests and as the plainest statement of what a store does: nothing outlives
/// it. Answers come by way of the executor's queue, as those of a store with a thread of its own
/// do.
class MemoryStore : public Store {
 public:
  MemoryStore() : MemoryStore(Limits()) {}
  explicit MemoryStore(Limits limits);

  rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) override;
  rpc::Task<absl::StatusOr<std::optional<JobRow>>> FindByKey(rpc::Executor& executor,
                                                             std::string owner, std::string key,
                                                             std::string fingerprint) override;
  rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                   std::string id) override;
  rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, JobQuery query) override;
  rpc::Task<absl::StatusOr<LeaseAnswer>> LeaseNext(rpc::Executor& executor, std::string kind,
                                                   JobTime now, absl::Duration duration) override;
  rpc::Task<absl::Status> Extend(rpc::Executor& executor, std::string id, int64_t token,
                                 absl::Time until, int progress) override;
  rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                   absl::Time now, JobResult result) override;
  rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                               absl::Time now, rpc::Status error) override;
  rpc::Task<absl::Status> Retry(rpc::Executor& executor, std::string id, int64_t token,
                                rpc::Status error, absl::Time wake) override;
  rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id, int64_t token) override;
  rpc::Task<absl::StatusOr<JobRow>> Cancel(rpc::Executor& executor, std::string id, absl::Time now,
                                           std::string message) override;
  rpc::Task<absl::Status> Delete(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<size_t>> Purge(rpc::Executor& executor, absl::Time now,
                                          size_t limit) override;
  absl::StatusOr<std::vector<JobCount>> Count() override;
  absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) override;
  const std::string& secret() const override { return secret_; }
  absl::Status Health() const override { return absl::OkStatus(); }
  std::unique_ptr<EventSignal::Subscription> OnEvent(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    return news_.OnEvent(std::move(callback));
  }
  std::unique_ptr<EventSignal::Subscription> OnEventLater(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    return news_.OnEventLater(std::move(callback));
  }
  std::unique_ptr<KindSignal::Subscription> OnRunnable(
      std::function<void(const std::string& kind)> callback) override {
    return news_.OnRunnable(std::move(callback));
  }

 private:
  struct Entry {
    NewJob job;
    JobRow row;
    int64_t token = 0;
    absl::Time lease_until;                // steady; while it runs
    std::optional<absl::Time> retry_time;  // steady; while it waits for its next attempt
    JobResult result;
    bool emptied = false;  // its result has expired and was dropped
  };
  using Entries = std::map<int64_t, Entry>;

  /// One change: holds the store, and when it ends tells what happened. Without the mutex: who is
  /// told may be waiting for somebody who asks the store.
  class Change {
   public:
    explicit Change(MemoryStore& store);
    ~Change();
    void Happened(JobEvent::Type type, JobState before, const JobRow& after,
                  bool first_lease = false) {
      events_.push_back({type, before, after, first_lease});
    }

   private:
    MemoryStore& store_;
    std::lock_guard<std::mutex> telling_;
    std::unique_lock<std::mutex> lock_;
    std::vector<JobEvent> events_;
  };

  // All within a Change, those that do not take it excepted: with mutex_ held.
  absl::StatusOr<JobRow> Insert(Change& change, NewJob job);
  /// Jobs of `kind` whose time has come wait for a worker only, whatever the clocks say later.
  void EndWaits(const std::string& kind, JobTime now);
  LeaseAnswer Lease(Change& change, const std::string& kind, JobTime now, absl::Duration duration);
  absl::StatusOr<Entries::iterator> Find(const std::string& id);
  /// The entry whose present lease is `token`.
  absl::StatusOr<Entry*> Leased(const std::string& id, int64_t token);
  /// The entry's row as Submit answers it.
  absl::StatusOr<std::optional<JobRow>> FindKey(const std::string& owner, const std::string& key,
                                                const std::string& fingerprint) const;
  /// One change by whoever holds the lease: `work(change, entry)`. Takes the mutex itself.
  template <typename Work>
  rpc::Task<absl::Status> WithLease(rpc::Executor& executor, std::string id, int64_t token,
                                    Work work);
  void Wait(Change& change, JobEvent::Type type, Entry& entry);
  void End(Change& change, Entry& entry, JobState state, absl::Time now, rpc::Status error);
  void Forget(Change& change, Entries::iterator entry);

  const Limits limits_;
  const std::string secret_;
  StoreNews news_;
  std::mutex telling_;  // keeps events in the order of the changes; taken before mutex_
  std::mutex mutex_;
  // All guarded by mutex_:
  Entries entries_;  // by order of submission
  int64_t last_sequence_ = 0;
  std::set<int64_t> open_;  // entries that have not ended
  std::map<std::string, int64_t> by_id_;
  std::map<std::pair<std::string, std::string>, int64_t> by_key_;  // owner, idempotency key
  int64_t waiting_ = 0;                                            // entries that are kAccepted
};

}  // namespace slipway::jobs
