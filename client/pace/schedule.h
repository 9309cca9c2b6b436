#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::client {

/// Requests a second as a function of time: steps, linear ramps, bursts. Immutable; any thread.
///
/// The function's integral, the mass, says where each request belongs: number k (from 0) arrives
/// when the mass is k. That is solved in closed form for each part, so arrivals do not drift:
/// numbers up to 10^12 are exact in a double, and times of weeks to less than a nanosecond.
class Schedule {
 public:
  static constexpr double kMaxRate = 1e9;
  static constexpr double kMaxArrivals = 1e12;
  static constexpr std::chrono::hours kMaxDuration{1000};

  /// `rate` (above 0, at most kMaxRate) requests a second; no `duration`: without an end.
  static Schedule Constant(double rate, std::optional<std::chrono::nanoseconds> duration);
  /// The same after `warmup` at the rate that it begins with.
  Schedule WithWarmUp(std::chrono::nanoseconds warmup) const;

  /// Of all parts; nanoseconds::max() without an end.
  std::chrono::nanoseconds duration() const;
  /// Of all parts; infinite without an end.
  double arrivals() const { return parts_.back().mass_end; }

  /// When the mass is `mass` (at least 0), from the beginning. Nothing: it never is.
  std::optional<std::chrono::nanoseconds> At(double mass) const;
  /// The mass that has come before `time`; a burst at `time` itself is not among it.
  double MassBefore(std::chrono::nanoseconds time) const;
  /// How many requests arrive before `time`.
  int64_t CountBefore(std::chrono::nanoseconds time) const;

 private:
  friend absl::StatusOr<Schedule> ParseSchedule(std::string_view text);

  /// Times in seconds, rates a second.
  struct Part {
    double begin = 0;
    double length = 0;  // 0: a burst
    double rate = 0;    // at the beginning
    double slope = 0;   // how much the rate grows each second
    double mass_begin = 0;
    double mass_end = 0;

    double MassAfter(double seconds) const { return seconds * (rate + slope * seconds / 2); }
    double TimeOf(double mass) const;
  };

  Schedule() = default;
  void Append(double length, double rate, double to);
  void AppendBurst(double arrivals);

  std::vector<Part> parts_;
};

/// Parts in their order, with commas between: `DURATION@RATE`, `DURATION@FROM..TO` (a ramp), `+N`
/// (N at once, at this point), such as `10s@100,30s@100..1000,+500,5s@0`. INVALID_ARGUMENT names
/// the part and what is allowed.
absl::StatusOr<Schedule> ParseSchedule(std::string_view text);

}  // namespace slipway::client
