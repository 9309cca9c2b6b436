#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::rpc {

/// The way back of one operation that another thread completes: its value travels to the waiting
/// coroutine's executor. Shared by both sides. A coroutine that is destroyed while it waits
/// abandons the operation, and then the executor is not touched any more: it may be gone.
template <typename T>
class Completion : public std::enable_shared_from_this<Completion<T>> {
 public:
  /// `abandoned` runs on the waiting coroutine's thread when that leaves before Resolve.
  explicit Completion(Executor& executor, std::function<void()> abandoned = {})
      : executor_(executor), on_abandoned_(std::move(abandoned)) {}

  /// Any thread, once.
  void Resolve(T value) {
    auto self = this->shared_from_this();
    // Held while posting, so that the executor cannot go in between.
    const std::lock_guard lock(mutex_);
    resolved_ = true;
    if (abandoned_) return;
    executor_.Post([self, value = std::move(value)]() mutable { self->Arrive(std::move(value)); });
  }

  /// Waits for the value, on the executor's thread. Once. `completion` may be resolved already.
  static Task<T> Wait(std::shared_ptr<Completion> completion) {
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
    // Held while telling: who is to resolve outlives what is not resolved, and waits here.
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (!resolved_ && on_abandoned_) on_abandoned_();
  }

  Executor& executor_;
  const std::function<void()> on_abandoned_;
  std::mutex mutex_;
  bool resolved_ = false;   // guarded by mutex_
  bool abandoned_ = false;  // guarded by mutex_
  // On the executor's thread only:
  std::optional<T> value_;
  std::coroutine_handle<> handle_;
};

}  // namespace slipway::rpc
