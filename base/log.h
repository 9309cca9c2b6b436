#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace slipway::base {

enum class Level { kDebug, kInfo, kWarning, kError };

struct LogOptions {
  /// Where debug.log, info.log, warning.log and error.log go; empty: standard error only.
  std::string dir;
  /// debug, info, warning or error: what is less severe is not written anywhere.
  std::string level = "info";
};

/// Sends the process's log to standard error and, with a directory (made if it is missing), also to
/// one file a level, each with that level and above, rotated at 10 MB, the last 20 kept. A line is
/// `2026-11-21T14:50:00.123456 I [thread] text`, in UTC. Files are flushed at a warning and every
/// second.
///
/// Call once in main, before other threads log; a second call replaces the first. Fails with
/// INVALID_ARGUMENT for an unknown level and with the system's code for a directory or file that
/// cannot be written; both name what was wrong, and the log stays as it was.
absl::Status InitLog(const LogOptions& options);

/// Writes what is buffered and closes the files; later lines go to standard error. For the end of
/// main: spdlog's periodic flush thread is joined here.
void ShutdownLog();

constexpr spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

/// The logger of the process; before InitLog one that writes from info on to standard error
/// (standard output belongs to the program's results).
spdlog::logger& ProcessLogger();

/// True if lines of `level` are written: guards work that only a log line needs. Any thread.
inline bool LogEnabled(Level level) { return ProcessLogger().should_log(ToSpdlog(level)); }

/// One line in fmt syntax, checked when compiled: LogInfo("bound {}:{}", host, port). Nothing is
/// formatted below the level. Any thread; the only locks are those of spdlog's sinks.
template <typename... Args>
void LogDebug(spdlog::format_string_t<Args...> format, Args&&... args) {
  ProcessLogger().debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(spdlog::format_string_t<Args...> format, Args&&... args) {
  ProcessLogger().info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarn(spdlog::format_string_t<Args...> format, Args&&... args) {
  ProcessLogger().warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(spdlog::format_string_t<Args...> format, Args&&... args) {
  ProcessLogger().error(format, std::forward<Args>(args)...);
}

}  // namespace slipway::base
