#pragma once

#include <vector>

#include "client/report/report.h"

namespace slipway::client {

/// Everything that can make a report doubtful. Closed: what a report warns of is listed here, in
/// the order in which it is told within a level.
enum class NoticeKind {
  kGeneratorSaturated,  // the generator had no CPU time left; invalid
  kGuard,               // the same target twice differs; invalid
  kNothingMeasured,     // no request ended
  kGeneratorBusy,       // nearly no CPU time left
  kRateNotReached,      // open loop: fewer requests were answered than were due
  kLag,                 // open loop: requests started late
  kStreamWait,          // requests waited for streams
  kWaitedForCore,       // the generator's threads were ready and had no core
  kSteal,               // the hypervisor took time
  kFailures,            // requests failed
  kFailuresDiffer,      // targets that are compared failed differently often
  kCutOff,              // requests had not ended when the drain did
  kDrift,               // the halves of a trial differ
  kInterrupted,         // ended by a signal
  kFewSamples,          // p99 has too few samples
};

/// From this share of its threads' time on the generator is near its limit.
inline constexpr double kBusyShare = 0.85;
/// From this share of the time on the generator's own waiting for a core says more about the
/// machine than latencies say about the target.
inline constexpr double kMuchWaiting = 0.25;
inline constexpr double kMuchSteal = 0.01;
inline constexpr double kManyFailures = 0.001;
/// Nanoseconds: schedules that are kept are kept better.
inline constexpr int64_t kMuchLag = 1'000'000;
/// How much of throughput the halves of a trial may differ.
inline constexpr double kMuchDrift = 0.10;
/// An interval of a guard that misses 1 by less than this is worth a warning, not the report. The
/// intervals are those of the metrics that verdicts speak of, wider as there are more of them: of a
/// hundred reports in which nothing differs at most five shall have one that misses 1.
inline constexpr double kGuardTolerance = 0.01;

/// Adds a notice unless the same is there.
void AddNotice(Notice notice, std::vector<Notice>* notices);

/// What makes the report doubtful, of the cells that it is judged by: each kind once, whatever the
/// number of cells; the worst first. Uses `report.ratios`.
std::vector<Notice> NoticesOf(const Report& report);

/// The share of a trial's first half by which its second half served more or, below 0, less.
/// Nothing when its timeline is too short or holds too few requests to tell.
std::optional<double> DriftOf(const TrialResult& result);

}  // namespace slipway::client
