#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/store/store.h"

namespace slipway::jobs {

/// A store of a test between a worker and the real one: notes what the worker asks for, and refuses
/// it when told to.
class SpyStore : public Store {
 public:
  struct Request {
    std::string operation;  // the method's name
    std::string id;         // of the job, where the operation is about one
    absl::Time now;         // LeaseNext: steady; Purge: wall
    absl::Time until;       // Retry: wake; Extend: until
    int progress = 0;       // Extend
    std::string kind = {};  // LeaseNext
  };
  /// Answers why `operation` is refused; OK: it is not. Any thread.
  using Refusal = std::function<absl::Status(const std::string& operation)>;

  explicit SpyStore(Store& store) : store_(store) {}

  void Refuse(Refusal refusal) {
    const std::lock_guard lock(mutex_);
    refusal_ = std::move(refusal);
  }
  /// As a process that has died: nothing that is asked for reaches the store.
  void Die() {
    Refuse([](const std::string&) { return absl::InternalError("dead"); });
  }
  /// The requests of an operation, at least `count` of them unless it takes too long.
  std::vector<Request> WaitFor(const std::string& operation, size_t count) {
    std::unique_lock lock(mutex_);
    std::vector<Request>& found = requests_[operation];
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return found.size() >= count; });
    return found;
  }
  std::vector<Request> Requests(const std::string& operation) { return WaitFor(operation, 0); }

  rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) override {
    return store_.Submit(executor, std::move(job));
  }
  rpc::Task<absl::StatusOr<std::optional<JobRow>>> FindByKey(rpc::Executor& executor,
                                                             std::string owner, std::string key,
                                                             std::string fingerprint) override {
    return store_.FindByKey(executor, std::move(owner), std::move(key), std::move(fingerprint));
  }
  rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) override {
    return store_.Get(executor, std::move(id));
  }
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                   std::string id) override {
    return store_.GetOutcome(executor, std::move(id));
  }
  rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, JobQuery query) override {
    return store_.List(executor, std::move(query));
  }
  rpc::Task<absl::StatusOr<LeaseAnswer>> LeaseNext(rpc::Executor& executor, std::string kind,
                                                   JobTime now, absl::Duration duration) override {
    absl::Status refused = Note({"LeaseNext", "", now.steady, {}, 0, kind});
    if (!refused.ok()) return Answer<absl::StatusOr<LeaseAnswer>>(std::move(refused));
    if (on_lease_) return LeaseLate(executor, std::move(kind), now, duration);
    return store_.LeaseNext(executor, std::move(kind), now, duration);
  }
  rpc::Task<absl::Status> Extend(rpc::Executor& executor, std::string id, int64_t token,
                                 absl::Time until, int progress) override {
    absl::Status refused = Note({"Extend", id, {}, until, progress});
    if (!refused.ok()) return Answer(std::move(refused));
    return store_.Extend(executor, std::move(id), token, until, progress);
  }
  rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                   absl::Time now, JobResult result) override {
    absl::Status refused = Note({"Complete", id, now, {}, 0});
    if (!refused.ok()) return Answer(std::move(refused));
    return store_.Complete(executor, std::move(id), token, now, std::move(result));
  }
  rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                               absl::Time now, rpc::Status error) override {
    absl::Status refused = Note({"Fail", id, now, {}, 0});
    if (!refused.ok()) return Answer(std::move(refused));
    return store_.Fail(executor, std::move(id), token, now, std::move(error));
  }
  rpc::Task<absl::Status> Retry(rpc::Executor& executor, std::string id, int64_t token,
                                rpc::Status error, absl::Time wake) override {
    absl::Status refused = Note({"Retry", id, {}, wake, 0});
    if (!refused.ok()) return Answer(std::move(refused));
    return store_.Retry(executor, std::move(id), token, std::move(error), wake);
  }
  rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id, int64_t token) override {
    absl::Status refused = Note({"Release", id, {}, {}, 0});
    if (!refused.ok()) return Answer(std::move(refused));
    return store_.Release(executor, std::move(id), token);
  }
  rpc::Task<absl::StatusOr<JobRow>> Cancel(rpc::Executor& executor, std::string id, absl::Time now,
                                           std::string message) override {
    return store_.Cancel(executor, std::move(id), now, std::move(message));
  }
  rpc::Task<absl::Status> Delete(rpc::Executor& executor, std::string id) override {
    return store_.Delete(executor, std::move(id));
  }
  rpc::Task<absl::StatusOr<size_t>> Purge(rpc::Executor& executor, absl::Time now,
                                          size_t limit) override {
    absl::Status refused = Note({"Purge", "", now, {}, 0});
    if (!refused.ok()) return Answer<absl::StatusOr<size_t>>(std::move(refused));
    return store_.Purge(executor, now, limit);
  }
  absl::StatusOr<std::vector<JobCount>> Count() override { return store_.Count(); }
  absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) override {
    return store_.OldestWaiting(kind);
  }
  const std::string& secret() const override { return store_.secret(); }
  absl::Status Health() const override { return store_.Health(); }
  std::unique_ptr<EventSignal::Subscription> OnEvent(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    // A worker that does not hear events must come to the same end, only later.
    if (deaf_) return nullptr;
    return store_.OnEvent(std::move(callback));
  }
  std::unique_ptr<EventSignal::Subscription> OnEventLater(
      std::function<void(absl::Span<const JobEvent>)> callback) override {
    return store_.OnEventLater(std::move(callback));
  }
  std::unique_ptr<KindSignal::Subscription> OnRunnable(
      std::function<void(const std::string& kind)> callback) override {
    if (deaf_) return nullptr;
    return store_.OnRunnable(std::move(callback));
  }
  /// Before the worker starts: `on_lease` runs on its thread after each lease; whatever it posts
  /// there comes before the worker hears of the lease.
  void OnLease(std::function<void(const LeasedJob&)> on_lease) { on_lease_ = std::move(on_lease); }
  /// Before the worker starts: it hears nothing.
  void Deafen() { deaf_ = true; }

 private:
  absl::Status Note(const Request& request) {
    const std::lock_guard lock(mutex_);
    const absl::Status refused = refusal_ ? refusal_(request.operation) : absl::OkStatus();
    requests_[request.operation].push_back(request);
    changed_.notify_all();
    return refused;
  }
  template <typename T = absl::Status>
  static rpc::Task<T> Answer(absl::Status status) {
    co_return T(std::move(status));
  }

  rpc::Task<absl::StatusOr<LeaseAnswer>> LeaseLate(rpc::Executor& executor, std::string kind,
                                                   JobTime now, absl::Duration duration) {
    auto lease = store_.LeaseNext(executor, std::move(kind), now, duration);
    absl::StatusOr<LeaseAnswer> answer = co_await std::move(lease);
    if (answer.ok() && answer->job) {
      on_lease_(*answer->job);
      rpc::WaitSlot slot;
      executor.Post([&slot] { slot.Wake(); });
      co_await slot.Wait();
    }
    co_return answer;
  }

  Store& store_;
  std::function<void(const LeasedJob&)> on_lease_;
  bool deaf_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  Refusal refusal_;                                       // guarded by mutex_
  std::map<std::string, std::vector<Request>> requests_;  // by operation; guarded by mutex_
};

}  // namespace slipway::jobs
