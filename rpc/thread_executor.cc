#include "rpc/thread_executor.h"

#include <utility>

namespace slipway::rpc {

void ThreadExecutor::Post(Work work) {
  // Notified with the lock held: without, the work might already have run, and the executor's owner
  // have seen in it that the executor may go.
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  queue_.push_back(std::move(work));
  posted_.notify_one();
}

void ThreadExecutor::Stop() {
  std::lock_guard lock(mutex_);  // held to the end, as in Post
  stopped_ = true;
  posted_.notify_all();
}

template <typename Predicate>
void ThreadExecutor::Loop(Predicate done) {
  std::vector<Work> batch;
  while (!done()) {
    {
      std::unique_lock lock(mutex_);
      const auto ready = [this] { return stopped_ || !queue_.empty(); };
      const Time due = timers_.earliest();
      if (due == Time::max()) {
        posted_.wait(lock, ready);
      } else {
        posted_.wait_until(lock, due, ready);
      }
      if (stopped_) return;
      batch.swap(queue_);
    }
    for (Work& work : batch) work();
    batch.clear();
    timers_.RunDue(Now());
  }
}

void ThreadExecutor::Run() {
  Loop([] { return false; });
}

void ThreadExecutor::RunUntil(const bool& done) {
  Loop([&done] { return done; });
}

}  // namespace slipway::rpc
