#include "client/report/write.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/report/csv_report.h"
#include "client/report/hdr_report.h"
#include "client/report/html_report.h"
#include "client/report/json_report.h"
#include "client/report/text_report.h"

namespace slipway::client {
namespace {

struct Ending {
  const char* text;
  ReportFormat format;
};
constexpr Ending kEndings[] = {{".txt", ReportFormat::kText},  {".json", ReportFormat::kJson},
                               {".csv", ReportFormat::kCsv},   {".html", ReportFormat::kHtml},
                               {".hgrm", ReportFormat::kHgrm}, {".hlog", ReportFormat::kHlog}};

absl::Status Failed(const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot write the report to ", path));
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Writes to what `flags` open, and closes it.
absl::Status WriteTo(const std::string& path, int flags, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0666);
  if (file < 0) return Failed(path);
  const absl::Status written = WriteAll(file, text) ? absl::OkStatus() : Failed(path);
  const bool closed = close(file) == 0;
  return written.ok() && !closed ? Failed(path) : written;
}

/// A new file with `text`; removed again when that fails.
absl::Status WriteNew(const std::string& path, std::string_view text) {
  absl::Status status = WriteTo(path, O_CREAT | O_EXCL, text);
  if (!status.ok()) unlink(path.c_str());
  return status;
}

/// A pipe or a device, which cannot be replaced.
absl::Status WriteInto(const std::string& path, std::string_view text) {
  return WriteTo(path, 0, text);
}

}  // namespace

absl::StatusOr<ReportFormat> FormatOfFile(const std::string& path) {
  for (const Ending& ending : kEndings) {
    if (absl::EndsWith(path, ending.text)) return ending.format;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a report's file must end in .txt, .json, .csv, .html, .hgrm or .hlog, not \"", path, "\""));
}

std::string RenderReport(const Report& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::kText:
      return TextReport(report);
    case ReportFormat::kJson:
      return ReportJson(report);
    case ReportFormat::kCsv:
      return CsvReport(report);
    case ReportFormat::kHtml:
      return HtmlReport(report);
    case ReportFormat::kHgrm:
      return HgrmReport(report);
    case ReportFormat::kHlog:
      return HlogReport(report);
  }
  return "";
}

absl::Status CheckReportFile(const std::string& path) {
  SLIPWAY_RETURN_IF_ERROR(FormatOfFile(path).status());
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const std::string shown = folder.empty() ? "." : folder.string();
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a directory"));
  }
  if (!std::filesystem::is_directory(shown, unknown)) {
    return absl::InvalidArgumentError(absl::StrCat("there is no directory ", shown));
  }
  if (access(shown.c_str(), W_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("cannot write into ", shown));
}

absl::Status WriteReportFile(const Report& report, const std::string& link) {
  SLIPWAY_ASSIGN_OR_RETURN(const ReportFormat format, FormatOfFile(link));
  const std::string text = RenderReport(report, format);
  std::error_code unknown;
  const std::filesystem::path real = std::filesystem::canonical(link, unknown);
  const std::string path = unknown ? link : real.string();
  const std::filesystem::file_type type = std::filesystem::status(path, unknown).type();
  const bool replaceable =
      type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found;
  if (!replaceable) return WriteInto(path, text);
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  SLIPWAY_RETURN_IF_ERROR(WriteNew(temporary, text));
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const absl::Status failed = Failed(path);
  unlink(temporary.c_str());
  return failed;
}

}  // namespace slipway::client
