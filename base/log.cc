#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"

namespace slipway::base {
namespace {

constexpr std::size_t kFileBytes = 10 * 1024 * 1024;
constexpr std::size_t kFilesKept = 20;
constexpr std::chrono::seconds kFlushInterval{1};
constexpr Level kLevels[] = {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError};

constexpr std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

std::optional<Level> ParseLevel(std::string_view text) {
  for (const Level level : kLevels) {
    if (LevelName(level) == text) return level;
  }
  return std::nullopt;
}

std::unique_ptr<spdlog::formatter> MakeFormatter() {
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%f %L [%t] %v",
                                                     spdlog::pattern_time_type::utc);
}

absl::Status MakeDirectory(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(), absl::StrCat("log directory ", dir));
}

/// The file sinks of `dir` for `lowest` and above. spdlog reports a file it cannot open by
/// throwing.
absl::Status AddFileSinks(const std::string& dir, Level lowest,
                          std::vector<spdlog::sink_ptr>* sinks) {
  if (absl::Status made = MakeDirectory(dir); !made.ok()) return made;
  for (const Level level : kLevels) {
    if (level < lowest) continue;
    const std::string path = absl::StrCat(dir, "/", std::string(LevelName(level)), ".log");
    try {
      auto sink =
          std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, kFileBytes, kFilesKept);
      sink->set_level(ToSpdlog(level));
      sinks->push_back(std::move(sink));
    } catch (const std::exception& failure) {
      return absl::FailedPreconditionError(
          absl::StrCat("log directory ", dir, ": cannot write ", path, ": ", failure.what()));
    }
  }
  return absl::OkStatus();
}

void Install(std::vector<spdlog::sink_ptr> sinks, Level level) {
  auto logger = std::make_shared<spdlog::logger>("", sinks.begin(), sinks.end());
  logger->set_formatter(MakeFormatter());
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

void InstallPlain() { Install({std::make_shared<spdlog::sinks::stderr_sink_mt>()}, Level::kInfo); }

}  // namespace

spdlog::logger& ProcessLogger() {
  static const bool installed = (InstallPlain(), true);
  static_cast<void>(installed);
  return *spdlog::default_logger_raw();
}

absl::Status InitLog(const LogOptions& options) {
  const std::optional<Level> level = ParseLevel(options.level);
  if (!level.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("log level \"", options.level,
                                                   "\" is not one of debug, info, warning, error"));
  }
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (!options.dir.empty()) {
    if (absl::Status added = AddFileSinks(options.dir, *level, &sinks); !added.ok()) return added;
  }
  ProcessLogger();  // so that the first line logged does not undo what follows
  Install(std::move(sinks), *level);
  spdlog::flush_every(kFlushInterval);
  return absl::OkStatus();
}

void ShutdownLog() {
  ProcessLogger().flush();
  spdlog::shutdown();
  InstallPlain();
}

}  // namespace slipway::base
