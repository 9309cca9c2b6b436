#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "client/measure/histogram.h"

namespace slipway::client {

/// How a run went from second to second: what ended in each slice of time, with its latencies to
/// two digits. Shows warm-up, stalls and throttling, which one histogram of the whole run hides.
/// Of bounded size: when there are too many slices, pairs of them become one and the interval
/// doubles. One thread writes; merged when the threads have ended.
class Timeline {
 public:
  static constexpr Histogram::Range kRange{
      .lowest = 1000, .highest = 3'600'000'000'000, .digits = 2};
  static constexpr size_t kMaxSlices = 300;

  struct Slice {
    int64_t failed = 0;
    /// Successes, nanoseconds.
    Histogram ok{kRange};
  };

  /// Slices of `interval` (above 0) each, the first begins with the measured time.
  explicit Timeline(std::chrono::nanoseconds interval = std::chrono::seconds(1));

  /// Something has ended `at` after the beginning of the measured time (below 0: ignored).
  void Add(std::chrono::nanoseconds at, bool ok, std::chrono::nanoseconds latency);
  /// Both began with the same interval. (If not, slices of the other go where they begin.)
  void Merge(const Timeline& other);

  std::chrono::nanoseconds interval() const { return interval_; }
  const std::vector<Slice>& slices() const { return slices_; }
  /// For reports that are read again. Histograms of another range than kRange are converted, too
  /// many slices are joined.
  void Restore(std::chrono::nanoseconds interval, std::vector<Slice> slices);

 private:
  Slice& SliceAt(std::chrono::nanoseconds at);
  void Seek(std::chrono::nanoseconds at);
  void Double();

  std::chrono::nanoseconds interval_;
  // The slice that was last added to, and its time: the next request ends in it as a rule, and a
  // division costs more than all the rest.
  size_t current_ = 0;
  std::chrono::nanoseconds begin_{0};
  std::chrono::nanoseconds end_{0};
  std::vector<Slice> slices_;
};

}  // namespace slipway::client
