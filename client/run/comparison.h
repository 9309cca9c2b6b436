#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "client/measure/summary.h"
#include "client/measure/tally.h"
#include "client/run/plan.h"
#include "client/run/trial.h"

namespace slipway::client {

/// What is compared. Of throughput more is better, of everything else less.
enum class Metric { kThroughput, kP50, kP99, kServerCpu, kGeneratorCpu };
inline constexpr Metric kMetrics[] = {Metric::kThroughput, Metric::kP50, Metric::kP99,
                                      Metric::kServerCpu, Metric::kGeneratorCpu};

/// The metric of one trial: successes a second, nanoseconds, microseconds a request. Nothing when
/// it was not measured.
std::optional<double> MetricOf(const TrialResult& result, Metric metric);

/// Several targets, each loaded once in each block of trials. Only whole blocks are here, so that
/// trials of the same number belong together: what changed on the machine meanwhile hit all of
/// them.
struct Comparison {
  std::vector<Plan> plans;
  /// [block][target]
  std::vector<std::vector<TrialResult>> blocks;
  uint64_t seed = 0;
  bool interrupted = false;

  /// Over the trials of a target; nothing when it was never measured.
  std::optional<Summary> Values(size_t target, Metric metric) const;
  /// Of the ratios to the first target, each within its block.
  std::optional<Summary> Ratios(size_t target, Metric metric) const;
  /// All trials of a target together.
  Tally Merged(size_t target) const;
};

/// Runs one trial: a plan, and for progress its number and how many there are.
using TrialRunner =
    std::function<absl::StatusOr<TrialResult>(const Plan& plan, int number, int count)>;

/// Runs `trials` blocks over `plans` with `run`, in each block in an order drawn with `seed`. Ends
/// early when a trial was interrupted; fails when a trial fails, or with CANCELLED without a whole
/// block.
absl::StatusOr<Comparison> Compare(std::vector<Plan> plans, int trials, uint64_t seed,
                                   const TrialRunner& run);

}  // namespace slipway::client
