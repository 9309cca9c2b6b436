#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::base {

/// How many file descriptors this process may have open.
struct FileLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

/// Raises the soft limit of open files to the hard limit, which needs no privilege, and answers
/// both as they are afterwards. Each connection costs a descriptor, and the usual soft limit is
/// 1024. Call in main before sockets are opened.
absl::StatusOr<FileLimit> RaiseFileLimit();

/// What a process uses, from /proc/<pid>/stat.
struct ProcessUsage {
  /// Resident set.
  std::uint64_t rss_bytes = 0;
  std::int64_t threads = 0;
  /// CPU time since the process started; steps of a clock tick, 10 ms as a rule.
  absl::Duration user_cpu;
  absl::Duration system_cpu;
};

/// NOT_FOUND if there is no such process (or it is another user's and hidden).
absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid);

/// The text of a /proc/<pid>/stat file; ReadProcessUsage without the file.
absl::StatusOr<ProcessUsage> ParseProcessStat(std::string_view stat);

/// User and system CPU time of a whole process, to the nanosecond, from the kernel's CPU clock of
/// `pid`. NOT_FOUND as above.
absl::StatusOr<absl::Duration> ProcessCpuTime(pid_t pid);

}  // namespace slipway::base
