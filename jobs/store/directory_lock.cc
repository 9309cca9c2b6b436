#include "jobs/store/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/reason.h"
#include "base/status_macros.h"

namespace slipway::jobs {
namespace {

absl::Status DirectoryError(const std::string& directory, const std::string& what) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, base::Reason::kStoreFailed,
                         absl::StrCat("data directory ", directory, " ", what));
}

std::string Reason(int error) { return std::generic_category().message(error); }

/// A new name is durable only when its directory is.
void SyncParent(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  const std::string parent = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

absl::Status MakeDirectory(const std::string& directory) {
  for (size_t end = 1; end <= directory.size(); ++end) {
    if (end < directory.size() && directory[end] != '/') continue;
    const std::string part = directory.substr(0, end);
    if (mkdir(part.c_str(), 0750) == 0) {
      SyncParent(part);
    } else if (struct stat status; stat(part.c_str(), &status) != 0) {
      return DirectoryError(directory, absl::StrCat("cannot be created: ", Reason(errno)));
    } else if (!S_ISDIR(status.st_mode)) {
      return DirectoryError(directory,
                            absl::StrCat("cannot be created: ", part, " is not a directory"));
    }
  }
  return absl::OkStatus();
}

/// What the holder wrote, or "unknown".
std::string HolderPid(int fd) {
  std::array<char, 32> text;
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  if (size <= 0) return "unknown";
  absl::string_view pid(text.data(), static_cast<size_t>(size));
  return std::string(absl::StripSuffix(pid, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::Acquire(
    const std::string& directory) {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectory(directory));
  const std::string path = absl::StrCat(directory, "/slipway.lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    return DirectoryError(directory, absl::StrCat("cannot be written: ", Reason(errno)));
  }
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return DirectoryError(directory, absl::StrCat("cannot be locked: ", Reason(errno)));
    }
    return DirectoryError(directory, absl::StrCat("is in use by the process with pid ",
                                                  HolderPid(fd), ", which holds ", path));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return DirectoryError(directory, absl::StrCat("cannot be written: ", Reason(errno)));
  }
  return lock;
}

DirectoryLock::~DirectoryLock() { close(fd_); }

}  // namespace slipway::jobs
