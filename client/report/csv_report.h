#pragma once

#include <string>

#include "client/report/report.h"

namespace slipway::client {

/// One line a trial under a line of column names, fields as RFC 4180 quotes them. What is not known
/// or stands on too few samples is empty.
///
/// target, url, protocol: the target. model, concurrency, connections, threads, rate_per_s: its
/// load. guard: true for the same target once more. block, order: where the trial stands.
/// started_s, elapsed_s. total, ok, failed, cut_off, offered: requests. throughput_per_s: successes
/// a second. mean_ms, p50_ms … max_ms: latencies of successes. failed_p50_ms, service_p99_ms,
/// lag_p99_ms, stream_wait_p99_ms, message_p99_ms, acknowledged_p99_ms: of the other times.
/// generator_cpu_us, server_cpu_us, machine_cpu_us: CPU a request. generator_share,
/// generator_waited_share, steal_share: 0 to 1. bytes_sent, bytes_received, reconnects.
/// server_resident_bytes, server_threads. interrupted.
std::string CsvReport(const Report& report);

}  // namespace slipway::client
