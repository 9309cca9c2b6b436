#pragma once

#include <httplib.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace slipway::server {

/// The task queue of a cpp-httplib server whose requests mostly sleep: as many threads as there are
/// tasks, up to a limit, and none once nothing has happened for a while. (The library's own pool
/// has a fixed size: hundreds of threads for ever, or a queue.) Given to the server, which owns it.
class ThreadsOnDemand : public httplib::TaskQueue {
 public:
  /// `limit` at least 1; more tasks wait, in order.
  explicit ThreadsOnDemand(std::size_t limit) : limit_(limit) {}

  void enqueue(std::function<void()> task) override;
  /// Runs what is queued, then joins all threads.
  void shutdown() override;

 private:
  using Threads = std::list<std::thread>;

  /// Under mutex_.
  void StartThread();
  void Work(Threads::iterator self);
  /// Waits for a task; false: this thread shall end. Takes the lock that is held.
  bool WaitForTask(std::unique_lock<std::mutex>& lock);
  void JoinEnded(Threads ended);

  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  Threads threads_;                          // guarded by mutex_
  Threads ended_;                            // guarded by mutex_; to be joined
  std::size_t idle_ = 0;                     // guarded by mutex_
  bool stopped_ = false;                     // guarded by mutex_
};

}  // namespace slipway::server
