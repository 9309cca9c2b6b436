#pragma once

#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// The way back of one operation that another thread completes: its value travels to the waiting
/// coroutine's executor. Shared by both sides. A coroutine that is destroyed while it waits
/// abandons the operation, and then the executor is not touched any more: it may be gone.
template <typename T>
class Completion : public std::enable_shared_from_this<Completion<T>> {
 public:
  explicit Completion(rpc::Executor& executor) : executor_(executor) {}

  /// Any thread, once.
  void Resolve(T value) {
    auto self = this->shared_from_this();
    // Held while posting, so that the executor cannot go in between.
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    executor_.Post([self, value = std::move(value)]() mutable { self->Arrive(std::move(value)); });
  }

  /// Waits for the value, on the executor's thread. Once. `completion` may be resolved already.
  static rpc::Task<T> Wait(std::shared_ptr<Completion> completion) {
    Waiter waiter{*completion};
    co_return co_await waiter;
  }

 private:
  struct Waiter {
    Completion& completion;

    explicit Waiter(Completion& completion) : completion(completion) {}
    Waiter(const Waiter&) = delete;
    ~Waiter() { completion.Abandon(); }

    bool await_ready() const { return completion.value_.has_value(); }
    void await_suspend(std::coroutine_handle<> handle) { completion.handle_ = handle; }
    T await_resume() { return std::move(*completion.value_); }
  };

  void Arrive(T value) {
    value_.emplace(std::move(value));
    if (handle_) std::exchange(handle_, nullptr).resume();
  }
  void Abandon() {
    handle_ = nullptr;
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }

  rpc::Executor& executor_;
  std::mutex mutex_;
  bool abandoned_ = false;  // guarded by mutex_
  // On the executor's thread only:
  std::optional<T> value_;
  std::coroutine_handle<> handle_;
};

}  // namespace slipway::jobs
