#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/measure/histogram.h"

namespace slipway::client {

/// A histogram as the HdrHistogram tools exchange it: the compressed V2 encoding, base64. Begins
/// with `HISTF`.
std::string EncodeHdr(const Histogram& histogram);
/// The reverse. min(), max() and mean() become those of the slots. INVALID_ARGUMENT when it is not
/// such an encoding, or asks for more than 5 digits or for more memory than a histogram of one
/// nanosecond to one day with 5 digits.
absl::StatusOr<Histogram> DecodeHdr(std::string_view text);

/// The percentile spectrum as text (`.hgrm`), five steps for each halving of the distance to
/// 100 %. Values are divided by `unit` (1e6: milliseconds out of nanoseconds).
std::string HgrmText(const Histogram& histogram, double unit);

/// One line of an interval log.
struct HlogEntry {
  /// Commas, white space and control characters, which would break the line, become `_`; empty:
  /// none.
  std::string tag;
  /// Seconds since the log's start.
  double start = 0;
  double length = 0;
  const Histogram* histogram = nullptr;
};
/// An interval log (`.hlog`), format 1.3: values in nanoseconds, Interval_Max in milliseconds.
std::string HlogText(std::chrono::system_clock::time_point start,
                     const std::vector<HlogEntry>& entries);

}  // namespace slipway::client
