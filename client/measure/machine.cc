#include "client/measure/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

/// What follows the colon in the first line of /proc/cpuinfo that begins with `key`.
std::string CpuInfo(std::string_view key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (!std::string_view(line).starts_with(key) || colon == std::string::npos) continue;
    return std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return {};
}

/// The processors that this process may use, which is what a load generator can compare with.
int UsableCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

MachineTimes ReadMachineTimes() {
  std::ifstream file("/proc/stat");
  std::string name;
  // Ticks (proc(5)). The guests' time, which follows, is within user and nice already.
  int64_t user = 0, nice = 0, system = 0, idle = 0, io_wait = 0, irq = 0, soft_irq = 0, steal = 0;
  file >> name >> user >> nice >> system >> idle >> io_wait >> irq >> soft_irq >> steal;
  const int64_t rate = sysconf(_SC_CLK_TCK);
  if (!file || name != "cpu" || rate <= 0) return {};
  const auto time = [rate](int64_t ticks) {
    return std::chrono::nanoseconds(ticks * (1'000'000'000 / rate));
  };
  const int64_t busy = user + nice + system + irq + soft_irq;
  return {time(busy), time(steal), time(busy + steal + idle + io_wait)};
}

MachineInfo DescribeMachine() {
  MachineInfo info;
  utsname name{};
  if (uname(&name) == 0) {
    info.kernel = absl::StrCat(name.sysname, " ", name.release, " ", name.machine);
  }
  info.cpu_model = CpuInfo("model name");
  if (info.cpu_model.empty()) info.cpu_model = CpuInfo("Hardware");  // ARM
  if (info.cpu_model.empty()) info.cpu_model = name.machine;
  info.cpus = UsableCpus();
  info.memory_bytes = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return info;
}

}  // namespace slipway::client
