#pragma once

#include <atomic>
#include <cstdint>

namespace slipway::client {

/// Numbers the requests that are made from templates: 0, 1, 2, … each once, over all threads and
/// all runs of a workload, which owns this. Any thread.
///
/// One at a time, not in lots: threads share the requests of a run unevenly, and what one had left
/// of a lot would be missing. Next to filling in a template that costs nothing; requests that stay
/// the same do not come here.
class RequestNumbers {
 public:
  int64_t Take() { return next_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> next_{0};
};

}  // namespace slipway::client
