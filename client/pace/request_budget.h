#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace slipway::client {

/// How many measured requests a run may still start, shared by its threads. They take them in lots
/// that are small against the whole, so that they end together yet meet here rarely.
class RequestBudget {
 public:
  RequestBudget(int64_t requests, int threads)
      : lot_(std::clamp<int64_t>(requests / (int64_t{threads} * 200), 1, 256)), left_(requests) {}

  /// Any thread. Up to one lot; 0 when all are taken.
  int64_t Take() { return Take(lot_); }
  /// Any thread. Up to `wanted`; 0 when all are taken.
  int64_t Take(int64_t wanted) {
    int64_t left = left_.load(std::memory_order_relaxed);
    int64_t taken;
    do {
      taken = std::min(left, wanted);
    } while (taken > 0 &&
             !left_.compare_exchange_weak(left, left - taken, std::memory_order_relaxed));
    return taken;
  }

 private:
  const int64_t lot_;
  std::atomic<int64_t> left_;
};

}  // namespace slipway::client
