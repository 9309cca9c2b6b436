#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace slipway::jobs {

/// This process's sole right to a data directory: an flock on `DIR/slipway.lock`, which names the
/// holder's pid for whoever comes second. The kernel gives it back when the process ends, however
/// it ends; the file stays.
class DirectoryLock {
 public:
  /// Makes the directory, with its parents, if it is missing. FAILED_PRECONDITION when another
  /// holder has it (names the directory and the pid) or when it cannot be made or written (names it
  /// and why).
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Acquire(const std::string& directory);

  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace slipway::jobs
