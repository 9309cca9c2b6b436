#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "client/report/report.h"

namespace slipway::client {

/// One report of several, evaluated. Targets are the same when name and URL are; trials of the same
/// target under the same load become further blocks of one cell. Trials of different reports are
/// never pairs. A report that is there twice is told: no figure is worth more for being counted
/// twice.
///
/// INVALID_ARGUMENT when there is none, or when targets with the same name and URL differ in what
/// they are (protocol, steps).
absl::StatusOr<Report> MergeReports(std::vector<Report> reports);

}  // namespace slipway::client
