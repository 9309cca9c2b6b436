#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "client/measure/tally.h"
#include "client/run/driver.h"
#include "client/run/plan.h"

namespace slipway::client {

/// What one run of one target has measured.
struct TrialResult {
  /// Requests that were due within the measured time.
  Tally tally;
  /// Requests that ended within it.
  WindowCounts window;
  /// How long was measured.
  std::chrono::nanoseconds elapsed{0};
  /// CPU time within `elapsed`; of the server nothing when no process was named or it has ended.
  std::chrono::nanoseconds generator_cpu{0};
  std::optional<std::chrono::nanoseconds> server_cpu;
  /// How long the generator's threads were ready and had no core, all together.
  std::chrono::nanoseconds waited{0};
  int threads = 1;
  /// The whole run, warm-up included.
  uint64_t bytes_sent = 0;
  /// In flight when it was interrupted; not counted anywhere else.
  int64_t abandoned = 0;
  bool interrupted = false;

  /// Successes per second.
  double throughput() const;
  /// Microseconds for each request that ended, successes and failures.
  double generator_cpu_us() const;
  std::optional<double> server_cpu_us() const;
  /// Of the time of all the generator's threads, 0 to 1.
  double generator_share() const;
  double waited_share() const;
  /// The generator had no CPU time left, so that what is measured is mostly itself.
  bool generator_saturated() const { return generator_share() >= 0.95; }

 private:
  double ShareOf(std::chrono::nanoseconds time) const;
};

/// How far a trial is, for the user's patience.
struct TrialProgress {
  enum class Phase { kConnecting, kWarmUp, kMeasuring, kFinishing };
  Phase phase = Phase::kConnecting;
  /// Since the load began, and how long it is meant to take; 0 when a number ends it.
  std::chrono::nanoseconds elapsed{0};
  std::chrono::nanoseconds planned{0};
  /// Requests that have ended, warm-up included, and those that are meant to be; 0 when time ends
  /// it.
  int64_t finished = 0;
  int64_t failed = 0;
  int64_t wanted = 0;
};

/// Loads one target once. Blocks; `progress` (may be empty) is called on this thread a few times a
/// second. SIGINT or SIGTERM ends the measuring with what there is; a second one ends the process.
/// UNAVAILABLE when the connections cannot be established, CANCELLED when it was interrupted
/// before.
absl::StatusOr<TrialResult> RunTrial(const Plan& plan,
                                     std::function<void(const TrialProgress&)> progress);

}  // namespace slipway::client
