#pragma once

#include "absl/time/time.h"

namespace slipway::jobs {

/// How long a job waits between its attempts: exponentially longer, up to a bound.
struct Backoff {
  absl::Duration first = absl::Seconds(1);
  absl::Duration most = absl::Minutes(1);
  double factor = 2;  // at least 1
};

/// The wait after attempt number `attempt` (from 1 on): between a half and the whole of
/// min(first × factor^(attempt − 1), most), as `random` (0 to 1) says. The spread keeps jobs that
/// failed together from coming back together.
absl::Duration BackoffWait(const Backoff& backoff, int attempt, double random);

}  // namespace slipway::jobs
