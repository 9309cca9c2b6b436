#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/command/commands.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"
#include "client/data/read_file.h"
#include "client/report/html_report.h"
#include "client/report/json_report.h"
#include "client/report/merge.h"

namespace slipway::client {
namespace {

absl::StatusOr<Report> ReadReport(const std::string& path) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::string_view json = text;
  if (!text.empty() && text.find_first_not_of(" \t\r\n") != std::string::npos &&
      text[text.find_first_not_of(" \t\r\n")] == '<') {
    const absl::StatusOr<std::string_view> within = JsonInHtml(text);
    if (!within.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", within.status().message()));
    }
    json = *within;
  }
  absl::StatusOr<Report> report = ParseReport(json);
  if (report.ok()) return report;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", report.status().message()));
}

absl::StatusOr<Report> ReadReports(const std::vector<std::string>& paths) {
  std::vector<Report> reports;
  for (const std::string& path : paths) {
    SLIPWAY_ASSIGN_OR_RETURN(reports.emplace_back(), ReadReport(path));
  }
  if (reports.size() == 1) return std::move(reports.front());
  return MergeReports(std::move(reports));
}

}  // namespace

ExitCode ReportCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  LoadOptions options;
  base::ConfigParser parser("slipway-load report",
                            "Reads reports (.json, .html) again, merges them when there are "
                            "several, judges them by\n--fail-if, and writes them in another form.");
  parser.AddPositionals(&paths, "FILE…", "reports of slipway-load");
  AddReportSwitches(parser, &options);
  if (const auto exit = ParseArguments(parser, arguments)) return *exit;
  if (paths.empty()) return Complain(absl::InvalidArgumentError("report needs a file"));
  Session session(arguments, std::move(options));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<Report> report = ReadReports(paths);
  if (!report.ok()) return Complain(report.status());
  session.report() = *std::move(report);
  return session.End();
}

}  // namespace slipway::client
