#pragma once

#include <ctime>

#include <sys/types.h>

#include <chrono>

#include "absl/status/statusor.h"

namespace slipway::client {

/// The CPU time that one process has used, all its threads, user and kernel, living and ended, in
/// nanoseconds. A value type; any thread.
class CpuClock {
 public:
  /// Of this process.
  static CpuClock Self() { return CpuClock(CLOCK_PROCESS_CPUTIME_ID); }
  /// Of the process with this id. NOT_FOUND when there is none.
  static absl::StatusOr<CpuClock> Of(pid_t pid);

  /// NOT_FOUND when the process has ended meanwhile.
  absl::StatusOr<std::chrono::nanoseconds> Now() const;

 private:
  explicit CpuClock(clockid_t id) : id_(id) {}
  clockid_t id_;
};

}  // namespace slipway::client
