#pragma once

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "jobs/observer.h"
#include "jobs/store/store.h"
#include "jobs/work/handler.h"
#include "jobs/work/root.h"
#include "rpc/call_context.h"
#include "rpc/executor.h"
#include "rpc/task.h"
#include "rpc/thread_executor.h"

namespace slipway::jobs {

/// Runs jobs: one thread, on which up to `concurrency` handlers are in flight as coroutines. Leases
/// the oldest job that it has a handler for, runs it, tells the store how it ended. The store wakes
/// it when there is something to lease; a sweep now and then finds leases that expired.
///
/// Owned by the engine, which keeps store and observer longer. Start and Stop are for one thread.
class Worker {
 public:
  struct Options {
    /// Jobs in flight at the same time, at least 1.
    size_t concurrency = 64;
    /// An attempt that takes longer fails with DEADLINE_EXCEEDED. The lease lasts a little longer,
    /// so that the store hears of it first.
    absl::Duration run_timeout = absl::Minutes(5);
    /// How often to look for expired leases.
    absl::Duration sweep = absl::Seconds(10);
    const base::WallClock* clock = &base::WallClock::System();
  };

  Worker(Store& store, JobObserver& observer, JobHandlers handlers, Options options);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Stops without grace.
  ~Worker();

  void Start();
  /// Leases nothing more; lets running jobs end for `grace`, then cancels them and gives them back.
  /// A handler that does not heed its cancellation within a second is abandoned where it waits.
  void Stop(absl::Duration grace);

 private:
  /// Room for one job: first it asks for a lease, then it runs what it got.
  struct Slot {
    std::list<Slot>::iterator self;
    std::optional<LeasedJob> job;
    std::optional<rpc::CallContext> context;
    bool cancelled = false;  // by Stop
    Root root;               // goes first: it uses the others
  };

  // All on the worker's thread.
  void Wake();
  void TryLease();
  Root Occupy(Slot& slot);
  void Free(Slot& slot);
  rpc::Task<void> RunJob(Slot& slot);
  rpc::Task<absl::Status> StoreEnd(Slot& slot, absl::StatusOr<JobResult> result, absl::Time now);
  rpc::Task<void> GiveBack(LeasedJob job);
  void Sweep();
  rpc::Task<void> Drain(rpc::Duration grace);
  /// Until nothing is in flight, or `duration` has passed.
  rpc::Task<void> WaitIdle(rpc::Duration duration);

  Store& store_;
  JobObserver& observer_;
  const JobHandlers handlers_;
  const std::vector<std::string> kinds_;
  const Options options_;

  rpc::ThreadExecutor executor_;
  rpc::Timer sweep_{executor_};
  std::atomic<bool> wake_posted_{false};
  bool missed_wake_ = false;  // there may be more to lease than the slots in flight have seen
  bool stopping_ = false;
  rpc::WaitSlot idle_;
  std::list<Slot> slots_;

  std::unique_ptr<Signal<>::Subscription> runnable_;
  std::thread thread_;
};

}  // namespace slipway::jobs
