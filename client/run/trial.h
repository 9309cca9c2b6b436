#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "client/run/plan.h"
#include "client/run/trial_result.h"
#include "rpc/executor.h"

namespace slipway::client {

/// How far a trial is, for the user's patience.
struct TrialProgress {
  enum class Phase { kConnecting, kWarmUp, kMeasuring, kDraining };
  Phase phase = Phase::kConnecting;
  /// Since the load began, and how long it is meant to take; 0 when a number ends it.
  std::chrono::nanoseconds elapsed{0};
  std::chrono::nanoseconds planned{0};
  /// Requests that have ended, warm-up included, and those that are meant to be; 0 when time ends
  /// it.
  int64_t finished = 0;
  int64_t failed = 0;
  int64_t wanted = 0;
  int64_t in_flight = 0;
  /// Of what ended since the last look: a second, and nanoseconds. 0 when there was nothing.
  double rate = 0;
  int64_t p50 = 0;
  int64_t p99 = 0;
};

/// The moment that TrialResult::started counts from, the same for all trials of the program: the
/// first call, which is whoever begins a report.
rpc::Time MeasuringBegan();

/// Loads one target once. Blocks; `progress` (may be empty) is called on this thread a few times a
/// second. SIGINT or SIGTERM ends the measuring with what there is; a second one ends the process.
/// UNAVAILABLE when the connections cannot be established, CANCELLED when it was interrupted
/// before.
absl::StatusOr<TrialResult> RunTrial(const Plan& plan,
                                     std::function<void(const TrialProgress&)> progress);

}  // namespace slipway::client
