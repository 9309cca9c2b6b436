#include "base/status_macros.h"

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace slipway::base {
namespace {

absl::StatusOr<std::unique_ptr<int>> Make(int value) {
  if (value < 0) return absl::OutOfRangeError("negative");
  return std::make_unique<int>(value);
}

absl::StatusOr<int> Sum(int a, int b) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Make(a));
  std::unique_ptr<int> second;
  SLIPWAY_ASSIGN_OR_RETURN(second, Make(b));
  return *first + *second;
}

absl::Status CheckBoth(int a, int b) {
  SLIPWAY_RETURN_IF_ERROR(Sum(a, b).status());
  return absl::OkStatus();
}

/// A coroutine that runs at once and holds what it returned.
struct Eager {
  struct promise_type {
    Eager get_return_object() { return Eager(this); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(absl::StatusOr<int> value) { result = std::move(value); }
    void unhandled_exception() { std::terminate(); }
    std::optional<absl::StatusOr<int>> result;
  };
  explicit Eager(promise_type* promise)
      : handle(std::coroutine_handle<promise_type>::from_promise(*promise)) {}
  Eager(const Eager&) = delete;
  ~Eager() { handle.destroy(); }
  const absl::StatusOr<int>& result() const { return *handle.promise().result; }
  std::coroutine_handle<promise_type> handle;
};

/// With a constructor: g++ 12 copies the bytes of an aggregate temporary that is awaited.
template <typename T>
class Ready {
 public:
  explicit Ready(T value) : value_(std::move(value)) {}
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  T await_resume() { return std::move(value_); }

 private:
  T value_;
};

Eager AwaitSum(int a, int b) {
  SLIPWAY_CO_RETURN_IF_ERROR(co_await Ready(CheckBoth(a, 0)));
  SLIPWAY_CO_ASSIGN_OR_RETURN(auto second, co_await Ready(Make(b)));
  co_return a + *second;
}

TEST(StatusMacros, ValueIsMovedOut) { EXPECT_EQ(Sum(1, 2).value(), 3); }

TEST(StatusMacros, FirstErrorReturns) {
  EXPECT_EQ(Sum(-1, 2).status(), absl::OutOfRangeError("negative"));
  EXPECT_EQ(CheckBoth(1, -2), absl::OutOfRangeError("negative"));
  EXPECT_TRUE(CheckBoth(1, 2).ok());
}

TEST(StatusMacros, InCoroutines) {
  EXPECT_EQ(AwaitSum(1, 2).result().value(), 3);
  EXPECT_EQ(AwaitSum(-1, 2).result().status(), absl::OutOfRangeError("negative"));
  EXPECT_EQ(AwaitSum(1, -2).result().status(), absl::OutOfRangeError("negative"));
}

TEST(StatusMacros, ExpressionWithCommas) {
  const auto run = []() -> absl::StatusOr<std::size_t> {
    SLIPWAY_ASSIGN_OR_RETURN(auto map, absl::StatusOr<std::map<int, int>>({{1, 2}, {3, 4}}));
    return map.size();
  };
  EXPECT_EQ(run().value(), 2u);
}

}  // namespace
}  // namespace slipway::base
