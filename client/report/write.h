#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/report/report.h"
#include "client/run/load_options.h"

namespace slipway::client {

/// The form that a file's ending asks for: .txt, .json, .csv, .html, .hgrm or .hlog.
/// INVALID_ARGUMENT with any other.
absl::StatusOr<ReportFormat> FormatOfFile(const std::string& path);

/// The report, which has been evaluated, in one of its forms.
std::string RenderReport(const Report& report, ReportFormat format);

/// OK when a report could be written there, as far as can be told before: INVALID_ARGUMENT for an
/// ending or a directory that is not.
absl::Status CheckReportFile(const std::string& path);

/// Writes the report in the form of FormatOfFile: as a whole or not at all, over what was there;
/// into pipes and devices as they are. An error names the path.
absl::Status WriteReportFile(const Report& report, const std::string& path);

}  // namespace slipway::client
