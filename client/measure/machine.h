#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace slipway::client {

/// What the processors of this machine have done since it was started, all together, from
/// /proc/stat (10 ms ticks).
struct MachineTimes {
  std::chrono::nanoseconds busy{0};
  /// Taken by the hypervisor for others.
  std::chrono::nanoseconds steal{0};
  std::chrono::nanoseconds total{0};
};
/// Zeros where there is no /proc/stat.
MachineTimes ReadMachineTimes();

/// The machine that a report was made on.
struct MachineInfo {
  std::string kernel;
  std::string cpu_model;
  int cpus = 0;
  int64_t memory_bytes = 0;
};
MachineInfo DescribeMachine();

}  // namespace slipway::client
