#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "jobs/store/store.h"
#include "jobs/work/context.h"
#include "jobs/work/handler.h"
#include "jobs/work/lane.h"
#include "jobs/work/lease_clock.h"
#include "jobs/work/options.h"
#include "jobs/work/purger.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Runs jobs: one thread, on which handlers are in flight as coroutines, in one lane for each kind.
/// Leases the jobs that it has handlers for, keeps the leases, tells the store how each attempt
/// ended. The store wakes a lane when there is something for it to lease, and says when a job was
/// cancelled; a sweep now and then finds what nobody told.
///
/// Owned by the engine, which keeps the store longer. AddHandler, Start and Stop are for one
/// thread; of a store's workers in one process each has its own steady clock, which agree unless
/// the wall clock jumped between their making.
class Worker {
 public:
  using Options = WorkerOptions;

  Worker(Store& store, Options options);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Stops without grace.
  ~Worker();

  /// The worker's thread, for what handlers use. Such things may be made before Start and must be
  /// used on the thread from then on; they go after Stop and before the worker, or with a handler.
  rpc::IoExecutor& executor() { return executor_; }

  /// Before Start; replaces one of the same kind. Handlers go with the worker, after what they run.
  void AddHandler(std::string kind, JobHandler handler);
  void Start();
  /// Leases nothing more; lets running jobs end for `grace`, then cancels them and gives them back.
  /// A handler that does not heed its cancellation within a second (Options::patience) is abandoned
  /// where it waits.
  void Stop(absl::Duration grace);

 private:
  /// A lane, and whether news for it is on its way.
  struct Track {
    std::unique_ptr<Lane> lane;
    std::atomic<bool> news_posted{false};
  };

  // Any thread.
  void OnRunnable(const std::string& kind);
  void OnEvents(absl::Span<const JobEvent> events);

  // All on the worker's thread.
  void Begin();
  void Beat();
  bool Idle() const;
  rpc::Task<void> Drain(rpc::Duration grace);
  /// Until nothing is in flight, or `duration` has passed.
  rpc::Task<void> WaitIdle(rpc::Duration duration);

  Store& store_;
  const Options options_;
  rpc::IoExecutor executor_;
  const LeaseClock clock_;
  const WorkContext work_;
  JobHandlers handlers_;

  rpc::WaitSlot idle_;
  rpc::Timer heartbeat_{executor_};
  std::map<std::string, Track> lanes_;  // by kind; fixed while the thread runs
  std::unique_ptr<Purger> purger_;

  std::unique_ptr<KindSignal::Subscription> runnable_;
  std::unique_ptr<EventSignal::Subscription> events_;
  std::thread thread_;
};

}  // namespace slipway::jobs
