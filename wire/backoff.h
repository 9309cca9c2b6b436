#pragma once

#include <algorithm>

#include "absl/random/random.h"
#include "rpc/executor.h"

namespace slipway::wire {

/// How long to wait before the next attempt: `first`, doubling up to `max`, each shortened by up to
/// 40 % at random so that many clients do not come at once. One thread.
class Backoff {
 public:
  Backoff(rpc::Duration first, rpc::Duration max) : first_(first), max_(max), next_(first) {}

  rpc::Duration Next() {
    const rpc::Duration base = next_;
    next_ = std::min(max_, next_ * 2);
    return Jittered(base);
  }
  void Reset() { next_ = first_; }
  rpc::Duration first() const { return first_; }

 private:
  rpc::Duration Jittered(rpc::Duration base) {
    return std::chrono::duration_cast<rpc::Duration>(base * absl::Uniform(random_, 0.6, 1.0));
  }

  const rpc::Duration first_;
  const rpc::Duration max_;
  rpc::Duration next_;
  absl::InsecureBitGen random_;
};

}  // namespace slipway::wire
