#include "client/run/trial_result.h"

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

double TrialResult::generator_share() const { return ShareOf(generator_cpu); }

double TrialResult::waited_share() const { return ShareOf(waited); }

double TrialResult::steal_share() const {
  if (machine_time.count() <= 0) return 0;
  return static_cast<double>(steal.count()) / static_cast<double>(machine_time.count());
}

double TrialResult::ShareOf(std::chrono::nanoseconds time) const {
  if (elapsed.count() <= 0) return 0;
  return static_cast<double>(time.count()) / (static_cast<double>(elapsed.count()) * threads);
}

}  // namespace slipway::client
