#pragma once

#include <string_view>

#include "base/metrics.h"

namespace slipway::base {

/// Adds what Prometheus clients usually tell of their process, read when asked for:
/// `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_threads`,
/// `process_open_fds`, `process_max_fds`, `process_start_time_seconds`, and
/// `slipway_build_info{program,version}`. Call once in main.
void AddProcessMetrics(std::string_view program, Metrics* metrics);

}  // namespace slipway::base
