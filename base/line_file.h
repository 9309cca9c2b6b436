#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::base {

/// A file that whole lines are appended to: the access log. Append copies into memory under a short
/// lock; a thread of its own writes when 64 KiB are waiting and at least once a second, so that no
/// request waits for a disk. Lines are never split between two files or mixed with others.
///
/// Owned by main. Any thread may call everything; Append must have ended before the destructor,
/// which writes what is left. A disk that cannot take the lines loses them rather than memory or
/// requests: lost_lines() counts them, and the log says so.
class LineFile {
 public:
  /// Appends to `path`, made if it is missing; `-` and `stdout` mean standard output. The error
  /// names the path.
  static absl::StatusOr<std::unique_ptr<LineFile>> Open(const std::string& path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Adds `line`, which has no line end, and a line end.
  void Append(std::string_view line);

  /// Returns when all lines appended before are with the operating system, or lost.
  void Flush();

  /// Writes what waits to the file opened before and opens the path anew, after a rotation moved it
  /// away. On an error the old file stays in use.
  absl::Status Reopen();

  /// Lines that could not be written, or did not fit because the file did not keep up.
  std::uint64_t lost_lines() const { return lost_lines_.load(std::memory_order_relaxed); }

 private:
  LineFile(std::string path, int fd);
  void Run();
  /// With file_mutex_ held.
  void WriteOut();
  void Lose(std::string_view lines, const char* why);

  const std::string path_;
  std::atomic<std::uint64_t> lost_lines_{0};

  /// Held while writing; taken before mutex_, never by Append.
  std::mutex file_mutex_;
  int fd_;                ///< Guarded by file_mutex_.
  std::string writing_;   ///< Guarded by file_mutex_; keeps its capacity between writes.
  bool failing_ = false;  ///< Guarded by file_mutex_; so that the log is told once.

  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;    ///< Guarded by mutex_.
  bool stopping_ = false;  ///< Guarded by mutex_.

  std::thread thread_;
};

}  // namespace slipway::base
