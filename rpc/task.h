#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace slipway::rpc {

template <typename T>
class Task;

namespace internal {

/// What every Task's coroutine remembers. A child that completes before its parent has suspended
/// must not resume it from inside: the parent goes on by itself (await_suspend returns false). So a
/// million awaits that complete at once need no stack, whatever the optimiser does with tail calls.
struct PromiseBase {
  std::coroutine_handle<> parent;
  bool finished = false;
  bool parent_suspended = false;

  std::suspend_always initial_suspend() noexcept { return {}; }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> self) noexcept {
      PromiseBase& promise = self.promise();
      promise.finished = true;
      if (promise.parent_suspended) promise.parent.resume();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

/// A coroutine that starts when it is awaited and belongs to who holds it. It runs on the thread
/// that awaits it and must be resumed on that thread only: a Task is not synchronised. Destroying a
/// Task that waits destroys its frame, so what it waits for must be cancelled by its awaiter's
/// destructor. Exceptions do not leave a coroutine: one that does ends the process.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && {
    struct Awaiter {
      Handle child;
      bool await_ready() { return false; }
      bool await_suspend(std::coroutine_handle<> parent) {
        auto& promise = child.promise();
        promise.parent = parent;
        child.resume();
        if (promise.finished) return false;
        promise.parent_suspended = true;
        return true;
      }
      T await_resume() { return child.promise().Take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

template <typename T>
Task<T> internal::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> internal::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

namespace internal {
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
inline Detached RunDetached(Task<void> task) { co_await std::move(task); }
}  // namespace internal

/// Starts `task` on this thread now; its frame frees itself at the end.
inline void Spawn(Task<void> task) { internal::RunDetached(std::move(task)); }

/// One waiting coroutine, at most. The way from an event (a tag, a frame, a timer) to the coroutine
/// that waits for it: Wake resumes it once, and does nothing when nobody waits.
class WaitSlot {
 public:
  bool waiting() const { return static_cast<bool>(handle_); }
  void Wake() {
    if (handle_) std::exchange(handle_, nullptr).resume();
  }

  struct Awaiter {
    WaitSlot& slot;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) { slot.handle_ = handle; }
    void await_resume() {}
  };
  /// Suspends until the next Wake.
  Awaiter Wait() { return Awaiter{*this}; }

 private:
  std::coroutine_handle<> handle_;
};

}  // namespace slipway::rpc
