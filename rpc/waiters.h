#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <utility>

namespace slipway::rpc {

/// The coroutines that wait for the operations of one call, at most one for each operation. Wake
/// resumes those whose operation has become possible. A resumed coroutine may destroy the call and
/// with it this object, so Wake watches for that.
template <typename Op, size_t kCount>
class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;
  ~Waiters() {
    if (destroyed_ != nullptr) *destroyed_ = true;
  }

  void Add(Op op, std::coroutine_handle<> handle) { slots_[static_cast<size_t>(op)] = handle; }

  /// Resumes each waiter for which `ready(op)` is true.
  template <typename Ready>
  void Wake(Ready ready) {
    bool destroyed = false;
    bool* const outer = std::exchange(destroyed_, &destroyed);
    for (size_t i = 0; i < kCount; ++i) {
      if (!slots_[i] || !ready(static_cast<Op>(i))) continue;
      std::exchange(slots_[i], nullptr).resume();
      if (destroyed) {
        if (outer != nullptr) *outer = true;
        return;
      }
    }
    destroyed_ = outer;
  }

 private:
  std::array<std::coroutine_handle<>, kCount> slots_{};
  bool* destroyed_ = nullptr;
};

}  // namespace slipway::rpc
