#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "jobs/store/store.h"

namespace slipway::jobs {

/// Jobs in memory, for tests and as the plainest statement of what a store does: nothing outlives
/// it. Answers come by way of the executor's queue, as those of a store with a thread of its own
/// do.
class MemoryStore : public Store {
 public:
  rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) override;
  rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) override;
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                   std::string id) override;
  rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, int page_size,
                                          std::string page_token) override;
  rpc::Task<absl::StatusOr<std::optional<LeasedJob>>> LeaseNext(rpc::Executor& executor,
                                                                std::vector<std::string> kinds,
                                                                absl::Time now,
                                                                absl::Duration duration) override;
  rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                   absl::Time now, JobResult result) override;
  rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                               absl::Time now, rpc::Status error) override;
  rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id, int64_t token) override;
  absl::StatusOr<std::vector<JobCount>> Count() override;
  absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) override;
  absl::Status Health() const override { return absl::OkStatus(); }
  std::unique_ptr<Signal<const JobRow&>::Subscription> OnAccepted(
      std::function<void(const JobRow&)> callback) override {
    return accepted_.Subscribe(std::move(callback));
  }
  std::unique_ptr<Signal<>::Subscription> OnRunnable(std::function<void()> callback) override {
    return runnable_.Subscribe(std::move(callback));
  }

 private:
  struct Entry {
    JobRow row;
    std::string payload;
    int64_t token = 0;
    absl::Time lease_until;
    JobResult result;
  };

  JobRow Insert(NewJob job);
  std::optional<LeasedJob> Lease(const std::vector<std::string>& kinds, absl::Time now,
                                 absl::Duration duration);
  /// The entry whose present lease is `token`. With the mutex held.
  absl::StatusOr<Entry*> Leased(const std::string& id, int64_t token);

  Signal<const JobRow&> accepted_;
  Signal<> runnable_;
  std::mutex mutex_;
  // Both guarded by mutex_:
  std::map<int64_t, Entry> entries_;  // by order of submission
  std::map<std::string, int64_t> by_id_;
};

}  // namespace slipway::jobs
