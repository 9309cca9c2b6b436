#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace slipway::jobs {

/// A coroutine that nobody awaits but somebody owns: it begins with Start and stays, finished or
/// waiting, until its owner destroys it; never from inside itself. What it awaits must bear that.
class Root {
 public:
  struct promise_type {
    Root get_return_object() {
      return Root(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  Root() = default;
  explicit Root(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Root(Root&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Root& operator=(Root&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Root() {
    if (handle_) handle_.destroy();
  }

  void Start() { handle_.resume(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace slipway::jobs
