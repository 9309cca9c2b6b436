#include "jobs/store/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/reason.h"

namespace slipway::jobs {
namespace {

absl::Status FileError(const std::string& path, const std::string& what) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
                         absl::StrCat("database ", path, " ", what));
}

absl::Status Removed(const std::string& path) {
  return base::MakeError(
      absl::StatusCode::kUnavailable, base::Reason::kStoreFailed,
      absl::StrCat("database ", path, ": the file was removed or replaced while it was in use"));
}

std::string Reason(int error) { return std::generic_category().message(error); }

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseFile>> DatabaseFile::Hold(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return FileError(path, "is not a regular file");
  }
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return FileError(path, absl::StrCat("cannot be opened: ", Reason(errno)));
  std::unique_ptr<DatabaseFile> file(new DatabaseFile(path, fd));
  // Apart from SQLite's own locks, which are of another kind and only held at times.
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return FileError(path, errno == EWOULDBLOCK
                               ? std::string("is in use by another process")
                               : absl::StrCat("cannot be locked: ", Reason(errno)));
  }
  file->file_ = IdentityOf(path);
  return file;
}

DatabaseFile::~DatabaseFile() { close(fd_); }

std::optional<DatabaseFile::Identity> DatabaseFile::IdentityOf(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
  return Identity(found.st_dev, found.st_ino);
}

absl::Status DatabaseFile::CheckInPlace() {
  if (IdentityOf(path_) != file_) return Removed(path_);
  const std::optional<Identity> log = IdentityOf(log_);
  if (!log_file_) log_file_ = log;
  return log == log_file_ ? absl::OkStatus() : Removed(log_);
}

}  // namespace slipway::jobs
