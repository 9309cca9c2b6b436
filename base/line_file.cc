#include "base/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace slipway::base {
namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;
/// What may wait when the file does not keep up; some 50,000 lines.
constexpr std::size_t kMaxWaitingBytes = 8 * 1024 * 1024;
constexpr std::chrono::seconds kWriteInterval{1};

absl::StatusOr<int> OpenPath(const std::string& path) {
  if (path == "-" || path == "stdout") return STDOUT_FILENO;
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot append to ", path));
  return fd;
}

void CloseFile(int fd) {
  if (fd != STDOUT_FILENO) close(fd);
}

/// Writes as much of `text` as goes; answers how much. errno says why it was not all.
std::size_t WriteAll(int fd, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LineFile>> LineFile::Open(const std::string& path) {
  SLIPWAY_ASSIGN_OR_RETURN(const int fd, OpenPath(path));
  return std::unique_ptr<LineFile>(new LineFile(path, fd));
}

LineFile::LineFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {
  waiting_.reserve(2 * kWriteBytes);
  writing_.reserve(2 * kWriteBytes);
  thread_ = std::thread([this] { Run(); });
}

LineFile::~LineFile() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  Flush();
  CloseFile(fd_);
}

void LineFile::Append(std::string_view line) {
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() >= kMaxWaitingBytes) {
      lost_lines_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    const bool was_full = waiting_.size() >= kWriteBytes;
    waiting_.append(line);
    waiting_.push_back('\n');
    full = !was_full && waiting_.size() >= kWriteBytes;
  }
  if (full) wake_.notify_one();
}

void LineFile::Flush() {
  const std::lock_guard file_lock(file_mutex_);
  WriteOut();
}

absl::Status LineFile::Reopen() {
  const std::lock_guard file_lock(file_mutex_);
  WriteOut();
  SLIPWAY_ASSIGN_OR_RETURN(const int fd, OpenPath(path_));
  CloseFile(std::exchange(fd_, fd));
  failing_ = false;
  return absl::OkStatus();
}

void LineFile::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, kWriteInterval,
                   [this] { return stopping_ || waiting_.size() >= kWriteBytes; });
    lock.unlock();
    Flush();
    lock.lock();
  }
}

void LineFile::WriteOut() {
  {
    const std::lock_guard lock(mutex_);
    writing_.swap(waiting_);
  }
  const std::size_t done = WriteAll(fd_, writing_);
  if (done < writing_.size()) {
    Lose(std::string_view(writing_).substr(done), std::strerror(errno));
  } else if (!writing_.empty()) {
    failing_ = false;
  }
  writing_.clear();
}

void LineFile::Lose(std::string_view lines, const char* why) {
  const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  lost_lines_.fetch_add(count, std::memory_order_relaxed);
  if (!std::exchange(failing_, true)) LogError("{}: lines are lost: {}", path_, why);
}

}  // namespace slipway::base
