#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

#include "absl/random/bit_gen_ref.h"
#include "absl/random/random.h"
#include "absl/time/time.h"
#include "rpc/executor.h"

namespace slipway::outbound {

/// How often to try again what failed for a while, and how long to wait before. A value type.
struct RetryPolicy {
  /// Before the second attempt; doubles with each.
  rpc::Duration first = std::chrono::milliseconds(100);
  rpc::Duration longest = std::chrono::seconds(2);
  /// Attempts after the first one.
  int retries = 5;
  /// Up to this part of each wait is left out, at random, so that many callers do not come back at
  /// once. 0…1.
  double jitter = 0.4;

  /// The wait after `failures` in a row, at least 1.
  rpc::Duration Delay(int failures, absl::BitGenRef random) const {
    const double doubled = static_cast<double>(first.count()) * std::exp2(failures - 1);
    const double base = std::min(doubled, static_cast<double>(longest.count()));
    return rpc::Duration(static_cast<rpc::Duration::rep>(
        base * absl::Uniform(absl::IntervalClosed, random, 1 - jitter, 1.0)));
  }
};

/// The value of a Retry-After header (RFC 9110 §10.2.3), which is a number of seconds or a date, as
/// a wait from `now`, at least zero and at most a year. Nothing for what is neither.
std::optional<rpc::Duration> ParseRetryAfter(std::string_view value, absl::Time now);

}  // namespace slipway::outbound
