#pragma once

#include <sys/types.h>

#include <chrono>

namespace slipway::client {

/// How long the threads of process `pid` (0: this one) that live now have been ready to run without
/// getting a core, all together since their start, from `/proc/PID/task/*/schedstat`. Zero where
/// the kernel does not count it, or where there is no such process. What grows of it during a
/// measurement is in the latencies but not the server's fault.
std::chrono::nanoseconds WaitedForCores(pid_t pid = 0);

}  // namespace slipway::client
