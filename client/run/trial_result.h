#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "client/measure/tally.h"
#include "client/measure/timeline.h"

namespace slipway::client {

/// What ended within the window, whenever it had started: what throughput and CPU per request are
/// computed from.
struct WindowCounts {
  int64_t finished = 0;
  int64_t ok = 0;
  uint64_t bytes_received = 0;
};

/// A generator that used this share of its threads' time measured mostly itself.
inline constexpr double kSaturatedShare = 0.95;
/// In less time the share says nothing.
inline constexpr std::chrono::milliseconds kShortestToJudge{100};
/// Clocks of CPU time tick so coarsely that shares of less time are not known at all.
inline constexpr std::chrono::milliseconds kShortestForShares{50};

/// What one run of one target has measured. A value: reports are made from it, and read back into
/// it.
struct TrialResult {
  /// Requests that were due within the measured time.
  Tally tally;
  /// Requests that ended within it.
  WindowCounts window;
  /// What ended within it from second to second.
  Timeline timeline;
  /// How long was measured.
  std::chrono::nanoseconds elapsed{0};
  /// When the measured time began, since the report did.
  std::chrono::nanoseconds started{0};

  /// CPU time within `elapsed`; of the server nothing when no process was named or it has ended.
  std::chrono::nanoseconds generator_cpu{0};
  std::optional<std::chrono::nanoseconds> server_cpu;
  /// All processes of this machine, from the kernel's 10 ms ticks; 0 when it is not known.
  std::chrono::nanoseconds machine_cpu{0};
  /// Taken by the hypervisor, and all time of all cores, to see it against.
  std::chrono::nanoseconds steal{0};
  std::chrono::nanoseconds machine_time{0};
  /// How long the generator's threads were ready and had no core, all together.
  std::chrono::nanoseconds waited{0};
  /// The same of the server's.
  std::optional<std::chrono::nanoseconds> server_waited;
  /// The server's at the end of the measured time; the largest of a few looks.
  int64_t server_resident = 0;
  int server_threads = 0;

  int threads = 1;
  /// CPU time of the thread that had most of it, against the time that it was measured; 0 to 1. It
  /// may have none left while the others idle. 0 when it is not known.
  double busiest_thread_share = 0;
  /// Within the measured time, as each thread saw it: bytes that were written and connections that
  /// were opened again.
  uint64_t bytes_sent = 0;
  uint64_t reconnects = 0;
  /// Open loop: requests that were due within the measured time, those that never started included.
  int64_t offered = 0;
  /// How long requests were due: without the wait for the last answers that `elapsed` has when a
  /// number ends the load. 0: as long as `elapsed`.
  std::chrono::nanoseconds offered_time{0};
  /// Requests that were due before the measured time; not among the tally, whenever they ended.
  int64_t warmup_requests = 0;
  /// Due within the measured time, and still in flight (or waiting for a slot) when the drain ended
  /// or it was interrupted; not among the tally.
  int64_t cut_off = 0;
  bool interrupted = false;

  /// Successes per second.
  double throughput() const;
  /// Open loop: requests that were due, a second.
  double offered_rate() const;
  /// Microseconds for each request that ended, successes and failures.
  double generator_cpu_us() const;
  std::optional<double> server_cpu_us() const;
  std::optional<double> machine_cpu_us() const;
  /// Of the time of all the generator's threads, 0 to 1; nothing of less than kShortestForShares.
  std::optional<double> generator_share() const;
  std::optional<double> waited_share() const;
  /// Of its busiest thread; nothing when that is not known either.
  std::optional<double> busiest_share() const;
  /// Of one core, so that several threads have more than 1.
  std::optional<double> server_share() const;
  /// Of all cores' time, 0 to 1.
  std::optional<double> steal_share() const;
  /// The generator, or one of its threads, had no CPU time left, so that what is measured is mostly
  /// itself. Not of runs that are too short to tell.
  bool generator_saturated() const {
    return elapsed >= kShortestToJudge &&
           std::max(generator_share().value_or(0), busiest_thread_share) >= kSaturatedShare;
  }

 private:
  std::optional<double> ShareOf(std::chrono::nanoseconds time) const;
};

}  // namespace slipway::client
