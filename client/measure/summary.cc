#include "client/measure/summary.h"

#include <algorithm>
#include <cstddef>

namespace slipway::client {

std::optional<Summary> Summarize(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return Summary{median, values.front(), values.back()};
}

}  // namespace slipway::client
