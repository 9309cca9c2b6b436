#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "rpc/executor.h"

namespace slipway::rpc {

/// The executor of a worker thread: a queue, the timers, and a loop that the owning thread runs.
/// Post and Stop may be called by any thread.
class ThreadExecutor : public Executor {
 public:
  void Post(Work work) override;
  Time Now() const override { return Clock::now(); }

  /// Runs work and timers on this thread until Stop.
  void Run();
  /// Runs work and timers on this thread until `done` is true; `done` is asked after each step.
  void RunUntil(const bool& done);
  /// Ends Run. What is queued by then is dropped.
  void Stop();

 protected:
  void EarliestChanged(Time) override {}  // the loop reads it anew before it waits

 private:
  template <typename Predicate>
  void Loop(Predicate done);

  std::mutex mutex_;
  std::condition_variable posted_;
  std::vector<Work> queue_;  // guarded by mutex_
  bool stopped_ = false;     // guarded by mutex_
};

}  // namespace slipway::rpc
