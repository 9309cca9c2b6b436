#include "server/upstream/threads_on_demand.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace slipway::server {
namespace {

constexpr std::chrono::seconds kIdle{2};

}  // namespace

void ThreadsOnDemand::enqueue(std::function<void()> task) {
  Threads ended;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ended.swap(ended_);
    if (idle_ < tasks_.size() && threads_.size() < limit_) {
      StartThread();
    }
    changed_.notify_one();
  }
  JoinEnded(std::move(ended));
}

void ThreadsOnDemand::StartThread() {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = std::thread([this, self] { Work(self); });
  } catch (const std::system_error& error) {
    threads_.erase(self);  // the task waits for a thread that there is, or for the next attempt
    base::LogWarn("embedded fact upstream: no thread: {}", error.what());
  }
}

void ThreadsOnDemand::shutdown() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return threads_.empty(); });
  Threads ended = std::move(ended_);
  lock.unlock();
  JoinEnded(std::move(ended));
}

void ThreadsOnDemand::JoinEnded(Threads ended) {
  for (std::thread& thread : ended) thread.join();
}

bool ThreadsOnDemand::WaitForTask(std::unique_lock<std::mutex>& lock) {
  ++idle_;
  const bool woken = changed_.wait_for(lock, kIdle, [this] { return stopped_ || !tasks_.empty(); });
  --idle_;
  return woken && !tasks_.empty();
}

void ThreadsOnDemand::Work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (WaitForTask(lock)) {
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  ended_.splice(ended_.end(), threads_, self);
  changed_.notify_all();
}

}  // namespace slipway::server
