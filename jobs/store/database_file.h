#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::jobs {

/// The database's file as such: held, so that no second process opens it under another name (a
/// link, a directory whose lock file was removed), and watched, since SQLite goes on writing to a
/// file that somebody has removed. Owned by Database, which makes it before SQLite opens the file
/// and keeps it until SQLite has closed it: closing any descriptor of a file earlier would drop
/// SQLite's locks on it.
class DatabaseFile {
 public:
  /// Creates the file where there is none. FAILED_PRECONDITION, naming it, when it is no regular
  /// file, cannot be written, or is held by another process.
  static absl::StatusOr<std::unique_ptr<DatabaseFile>> Hold(const std::string& path);
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;
  ~DatabaseFile();

  /// OK while the path still names this file, and the log beside it is the one that was first
  /// there. UNAVAILABLE (store_failed) otherwise: what is written now would be gone at the next
  /// start. Costs two calls of the system.
  absl::Status CheckInPlace();

 private:
  using Identity = std::pair<dev_t, ino_t>;

  DatabaseFile(std::string path, int fd) : path_(std::move(path)), log_(path_ + "-wal"), fd_(fd) {}
  static std::optional<Identity> IdentityOf(const std::string& path);

  const std::string path_;
  const std::string log_;
  const int fd_;
  std::optional<Identity> file_;
  std::optional<Identity> log_file_;  // once it was seen
};

}  // namespace slipway::jobs
