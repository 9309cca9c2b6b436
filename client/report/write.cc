#include "client/report/write.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

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

/// A new file with `text`; removed again when that fails.
absl::Status WriteNew(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return Failed(path);
  const bool written = WriteAll(file, text);
  const absl::Status status = written ? absl::OkStatus() : Failed(path);
  const bool closed = close(file) == 0;
  if (written && closed) return absl::OkStatus();
  const absl::Status failed = written ? Failed(path) : status;
  unlink(path.c_str());
  return failed;
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

absl::Status WriteReportFile(const Report& report, const std::string& path) {
  SLIPWAY_ASSIGN_OR_RETURN(const ReportFormat format, FormatOfFile(path));
  const std::string text = RenderReport(report, format);
  const std::string temporary = absl::StrCat(path, ".", getpid(), ".tmp");
  SLIPWAY_RETURN_IF_ERROR(WriteNew(temporary, text));
  if (std::rename(temporary.c_str(), path.c_str()) == 0) return absl::OkStatus();
  const absl::Status failed = Failed(path);
  unlink(temporary.c_str());
  return failed;
}

}  // namespace slipway::client
