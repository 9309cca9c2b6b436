#pragma once

#include <mutex>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace slipway::base {

/// The time of day, injected where it becomes data (a job's creation, a lease, a log field). For
/// waiting and for measuring durations use an executor's or a steady clock instead: this one may
/// jump. Any thread.
class WallClock {
 public:
  virtual ~WallClock() = default;
  virtual absl::Time Now() const = 0;

  /// The system's clock; lives as long as the process.
  static const WallClock& System();
};

class SystemWallClock final : public WallClock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

inline const WallClock& WallClock::System() {
  static const SystemWallClock clock;
  return clock;
}

/// For tests: stands still until it is moved. Any thread.
class ManualWallClock final : public WallClock {
 public:
  explicit ManualWallClock(absl::Time start = absl::UnixEpoch()) : now_(start) {}

  absl::Time Now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void Set(absl::Time now) {
    const std::lock_guard lock(mutex_);
    now_ = now;
  }
  void Advance(absl::Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
};

}  // namespace slipway::base
