#include "base/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "base/version.h"

namespace slipway::base {
namespace {

ProcessUsage Usage() { return ReadProcessUsage(getpid()).value_or(ProcessUsage{}); }

double CpuSeconds() {
  return absl::ToDoubleSeconds(ProcessCpuTime(getpid()).value_or(absl::ZeroDuration()));
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

double MaxFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void AddProcessMetrics(std::string_view program, Metrics* metrics) {
  metrics->AddCounterCallback("process_cpu_seconds_total", "User and system CPU time.", {},
                              CpuSeconds);
  metrics->AddGaugeCallback("process_resident_memory_bytes", "Resident memory.", {},
                            [] { return static_cast<double>(Usage().rss_bytes); });
  metrics->AddGaugeCallback("process_threads", "Threads.", {},
                            [] { return static_cast<double>(Usage().threads); });
  metrics->AddGaugeCallback("process_open_fds", "Open file descriptors.", {}, OpenFiles);
  metrics->AddGaugeCallback("process_max_fds", "Limit of open file descriptors.", {}, MaxFiles);
  const double start = absl::ToUnixMillis(absl::Now()) / 1e3;
  metrics->AddGaugeCallback("process_start_time_seconds", "Start of the process, Unix time.", {},
                            [start] { return start; });
  metrics
      ->GetGauge("slipway_build_info", "1; the labels say what runs.",
                 {{"program", std::string(program)}, {"version", std::string(kVersion)}})
      .Set(1);
}

}  // namespace slipway::base
