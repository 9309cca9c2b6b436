#pragma once

#include <string>

#include "client/report/report.h"

namespace slipway::client {

/// The report, which has been evaluated, for people: aligned blocks of at most about 110 columns.
/// One trial is shown whole; of several there is a table for each load, or one of all loads for a
/// sweep, the ratios, and what they say. A command's own tables stand for those of its cells.
std::string TextReport(const Report& report);

}  // namespace slipway::client
