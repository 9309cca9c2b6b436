#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/report/report.h"

namespace slipway::client {

/// The form of the JSON that is written and read: its field `schema`.
inline constexpr std::string_view kReportSchema = "slipway-load/1";

/// The most trials of a report that is read: what is computed from them takes time.
inline constexpr size_t kMostReportTrials = 2000;

/// The whole report as one JSON document: latencies in milliseconds, CPU in microseconds a request,
/// times in seconds, shares 0 to 1; histograms in HdrHistogram's compressed V2 encoding, base64, in
/// nanoseconds. What is absent is not known or empty.
///
/// `with_spectrum` adds points of the percentile spectrum to cells and trials, for readers that
/// cannot decode histograms, and leaves the indentation out.
std::string ReportJson(const Report& report, bool with_spectrum = false);

/// Reads what ReportJson has written. Derived values (`summary`, `knees`, shares) are not read;
/// they follow from the rest. Of `latency_ms` the exact smallest, largest and mean are, where they
/// do not contradict the histograms. INVALID_ARGUMENT names the place, such as
/// `cells[3].trials[0].histograms.ok`, what is there and what is allowed.
absl::StatusOr<Report> ParseReport(std::string_view json);

}  // namespace slipway::client
