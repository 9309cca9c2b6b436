#pragma once

#include <string>

#include "client/run/comparison.h"

namespace slipway::client {

/// The comparison for people: values of each target, then ratios to the first.
std::string TextCompareReport(const Comparison& comparison);
/// The same for programs, with each trial.
std::string JsonCompareReport(const Comparison& comparison);

}  // namespace slipway::client
