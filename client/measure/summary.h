#pragma once

#include <optional>
#include <vector>

namespace slipway::client {

/// The middle of several trials and how far they spread.
struct Summary {
  double median = 0;
  double min = 0;
  double max = 0;
};

/// Nothing when `values` is empty. Of an even number of values the median is the mean of the middle
/// two.
std::optional<Summary> Summarize(std::vector<double> values);

}  // namespace slipway::client
