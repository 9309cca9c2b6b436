#pragma once

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "jobs/store/signal.h"
#include "jobs/store/store.h"
#include "rpc/call_context.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Wakes who waits for a job to change. It hears of every step of every job on the store's thread;
/// with nobody watching that costs one load. Owned by the service. Any thread.
///
/// A watcher that is woken reads the job anew, so several changes in a row may be one wake; it must
/// exist before its first read, so that no change falls between.
class JobWatch {
 public:
  explicit JobWatch(Store& store);
  JobWatch(const JobWatch&) = delete;
  JobWatch& operator=(const JobWatch&) = delete;
  ~JobWatch() { Stop(); }

  /// Wakes everybody for good and forgets the store, which may go then. Idempotent.
  void Stop();
  bool stopped() const { return stopped_.load(); }

 private:
  struct State;
  using Watchers = std::multimap<std::string, std::shared_ptr<State>>;

 public:
  /// One call that watches one job. Used on the call's executor only, which outlives it; `watch`
  /// and `context` do so too.
  class Watcher {
   public:
    Watcher(JobWatch& watch, rpc::CallContext& context, std::string id);
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher();

    /// Waits for a change since the last time, for `until`, for the end of the call or for Stop,
    /// whatever comes first. One at a time; may be destroyed while it waits.
    rpc::Task<void> Changed(rpc::Time until);

   private:
    struct Wait;
    JobWatch& watch_;
    rpc::CallContext& context_;
    std::shared_ptr<State> state_;
    Watchers::iterator place_;
  };

 private:
  /// What a wake on its way needs of a watcher that may be gone when it arrives.
  struct State {
    explicit State(rpc::Executor& executor) : executor(executor) {}
    void Wake();
    void Arrive();

    rpc::Executor& executor;              // only with mutex_ held and the watcher in watchers_
    std::atomic<bool> on_its_way{false};  // a wake was posted and has not arrived
    // On the executor's thread:
    bool changed = false;
    std::coroutine_handle<> waiter;
  };

  void Tell(absl::Span<const JobEvent> events);
  static void Post(const std::shared_ptr<State>& state);

  std::atomic<size_t> count_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Watchers watchers_;                                        // guarded by mutex_
  std::unique_ptr<EventSignal::Subscription> subscription_;  // guarded by mutex_
};

}  // namespace slipway::jobs
