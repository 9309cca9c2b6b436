#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace slipway::client {

/// A new directory of this run, for the logs and data of servers that it starts. Goes away with its
/// contents. Moves, but is not copied.
class ScratchDirectory {
 public:
  /// Below the system's directory for temporary files (`TMPDIR`). An error names the path and the
  /// reason.
  static absl::StatusOr<ScratchDirectory> Make();

  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDirectory& operator=(ScratchDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchDirectory();

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: moved from
};

}  // namespace slipway::client
