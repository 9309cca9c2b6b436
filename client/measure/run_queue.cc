#include "client/measure/run_queue.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace slipway::client {

std::chrono::nanoseconds WaitedForCores(pid_t pid) {
  const std::string process = pid == 0 ? "self" : std::to_string(pid);
  std::error_code error;
  std::filesystem::directory_iterator task("/proc/" + process + "/task", error);
  int64_t sum = 0;
  // A process of others may end meanwhile: neither step may throw.
  for (; !error && task != std::filesystem::directory_iterator(); task.increment(error)) {
    // Time on a core, time waiting for one, number of slices; nanoseconds.
    std::ifstream file(task->path() / "schedstat");
    int64_t ran = 0, waited = 0;
    if (file >> ran >> waited) sum += waited;
  }
  return std::chrono::nanoseconds(sum);
}

}  // namespace slipway::client
