#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "jobs/work/backoff.h"

namespace slipway::jobs {

/// How a worker works; see Worker.
struct WorkerOptions {
  /// Handlers in flight at the same time, by kind; at least 1.
  std::map<std::string, int> concurrency;
  /// Of a kind that `concurrency` does not name; at least 1.
  int default_concurrency = 64;
  /// How long a lease lasts unless it is prolonged, which is done after each third of it: how soon
  /// the jobs of a dead worker run again.
  absl::Duration lease = absl::Seconds(30);
  /// An attempt that takes longer ends with DEADLINE_EXCEEDED.
  absl::Duration attempt_timeout = absl::Minutes(5);
  /// A cancelled handler that has not ended after this is abandoned where it waits.
  absl::Duration patience = absl::Seconds(1);
  /// The wait between attempts.
  Backoff backoff;
  /// Errors of a handler that may pass: those are tried again.
  std::set<absl::StatusCode> retry = {
      absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
      absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded};
  /// The longest time between two looks for jobs, should nobody say that there are any: how late a
  /// jump of the wall clock is noticed.
  absl::Duration sweep = absl::Seconds(10);
  /// How often expired results are dropped.
  absl::Duration purge_every = absl::Seconds(30);
  /// Outlives the worker.
  const base::WallClock* clock = &base::WallClock::System();
  /// Answers numbers from 0 to 1, on the worker's thread; empty: its own, randomly seeded.
  std::function<double()> random;
};

}  // namespace slipway::jobs
