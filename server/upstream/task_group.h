#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <utility>

#include "rpc/task.h"

namespace slipway::server {

/// Tasks that run beside each other and beside their owner, on one executor's thread. Destroying
/// the group, or clearing it, destroys those that have not ended, and so cancels what they wait
/// for.
class TaskGroup {
  class Runner;

 public:
  /// `ended` runs after each end of a task, when that has left the group; it may destroy the group
  /// and start tasks. Not after Clear.
  explicit TaskGroup(std::function<void()> ended) : ended_(std::move(ended)) {}
  ~TaskGroup() { Clear(); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` now; it may end before this returns.
  void Start(rpc::Task<void> task) { Run(*this, std::move(task)); }
  /// Not from inside one of the tasks.
  void Clear() {
    while (!running_.empty()) {
      const std::coroutine_handle<> handle = running_.front();
      running_.pop_front();
      handle.destroy();
    }
  }
  /// How many have not ended.
  std::size_t size() const { return running_.size(); }

 private:
  using Running = std::list<std::coroutine_handle<>>;

  /// Owns itself once it has ended; until then the group does.
  class Runner {
   public:
    struct promise_type {
      promise_type(TaskGroup& group, rpc::Task<void>&) : group(group) {}
      Runner get_return_object() {
        const auto handle = std::coroutine_handle<promise_type>::from_promise(*this);
        place = group.running_.insert(group.running_.end(), handle);
        return {};
      }
      std::suspend_never initial_suspend() noexcept { return {}; }

      struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          TaskGroup& group = self.promise().group;
          group.running_.erase(self.promise().place);
          self.destroy();
          group.ended_();  // nothing after this: the group may be gone
        }
        void await_resume() noexcept {}
      };
      FinalAwaiter final_suspend() noexcept { return {}; }
      void return_void() {}
      void unhandled_exception() noexcept { std::terminate(); }

      TaskGroup& group;
      Running::iterator place;
    };
  };

  static Runner Run(TaskGroup&, rpc::Task<void> task) { co_await std::move(task); }

  const std::function<void()> ended_;
  Running running_;
};

}  // namespace slipway::server
