#pragma once

#include <string>

#include "client/report/report.h"

namespace slipway::client {

/// The percentile spectra of successes in milliseconds, one for each cell, all its trials together;
/// before each, when there are several, a line `# TARGET at LOAD`.
std::string HgrmReport(const Report& report);

/// An interval log of successes in nanoseconds: a line for each second (or what the timeline has)
/// of each trial, else for each trial, tagged `TARGET/c=64` by cell, in the order of time.
std::string HlogReport(const Report& report);

}  // namespace slipway::client
