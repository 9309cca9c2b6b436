#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "rpc/executor.h"

namespace slipway::rpc {

/// An executor for tests: nothing runs and no time passes unless the test says so. One thread.
class ManualExecutor : public Executor {
 public:
  void Post(Work work) override { queue_.push_back(std::move(work)); }
  Time Now() const override { return now_; }

  /// Runs posted work until none is left.
  void RunPosted() {
    while (!queue_.empty()) {
      std::vector<Work> batch;
      batch.swap(queue_);
      for (Work& work : batch) work();
    }
  }
  /// Lets `duration` pass, timers in order of their time.
  void Advance(Duration duration) {
    const Time end = now_ + duration;
    RunPosted();
    while (timers_.earliest() <= end) {
      now_ = std::max(now_, timers_.earliest());
      timers_.RunDue(now_);
      RunPosted();
    }
    now_ = end;
  }

 protected:
  void EarliestChanged(Time) override {}

 private:
  Time now_{std::chrono::hours(1)};
  std::vector<Work> queue_;
};

}  // namespace slipway::rpc
