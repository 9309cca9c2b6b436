#include "client/run/trial_result.h"

#include <algorithm>

namespace slipway::client {
namespace {

/// Microseconds of `time` for each of `count`; nothing of nothing.
std::optional<double> MicrosecondsEach(std::chrono::nanoseconds time, int64_t count) {
  if (count == 0) return std::nullopt;
  return static_cast<double>(time.count()) / 1e3 / static_cast<double>(count);
}

}  // namespace

double TrialResult::throughput() const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds <= 0 ? 0 : static_cast<double>(window.ok) / seconds;
}

double TrialResult::offered_rate() const {
  const auto time = offered_time.count() > 0 ? offered_time : elapsed;
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds <= 0 ? 0 : static_cast<double>(offered) / seconds;
}

double TrialResult::generator_cpu_us() const {
  return MicrosecondsEach(generator_cpu, window.finished).value_or(0);
}

std::optional<double> TrialResult::server_cpu_us() const {
  if (!server_cpu) return std::nullopt;
  return MicrosecondsEach(*server_cpu, window.finished);
}

std::optional<double> TrialResult::machine_cpu_us() const {
  if (machine_time.count() <= 0) return std::nullopt;
  return MicrosecondsEach(machine_cpu, window.finished);
}

std::optional<double> TrialResult::generator_share() const { return ShareOf(generator_cpu); }

std::optional<double> TrialResult::waited_share() const { return ShareOf(waited); }

std::optional<double> TrialResult::busiest_share() const {
  if (elapsed < kShortestForShares || busiest_thread_share <= 0) return std::nullopt;
  return std::min(busiest_thread_share, 1.0);
}

std::optional<double> TrialResult::server_share() const {
  if (elapsed < kShortestForShares || !server_cpu) return std::nullopt;
  return static_cast<double>(server_cpu->count()) / static_cast<double>(elapsed.count());
}

std::optional<double> TrialResult::steal_share() const {
  if (elapsed < kShortestForShares || machine_time.count() <= 0) return std::nullopt;
  return static_cast<double>(steal.count()) / static_cast<double>(machine_time.count());
}

// Clocks that are read one after the other can make a share a little more than 1.
std::optional<double> TrialResult::ShareOf(std::chrono::nanoseconds time) const {
  if (elapsed < kShortestForShares) return std::nullopt;
  const double all = static_cast<double>(elapsed.count()) * threads;
  return std::min(static_cast<double>(time.count()) / all, 1.0);
}

}  // namespace slipway::client
