#pragma once

#include <chrono>
#include <cstdint>

namespace slipway::client {

/// How long the threads of this process that live now have been ready to run without getting a
/// core, all together since their start, from `/proc/self/task/*/schedstat`. Zero where the kernel
/// does not count it. What grows of it during a measurement is in the latencies but not the
/// server's fault.
std::chrono::nanoseconds WaitedForCores();

}  // namespace slipway::client
