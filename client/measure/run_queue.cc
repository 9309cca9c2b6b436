#include "client/measure/run_queue.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace slipway::client {

std::chrono::nanoseconds WaitedForCores() {
  int64_t sum = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", error)) {
    // Time on a core, time waiting for one, number of slices; nanoseconds.
    std::ifstream file(task.path() / "schedstat");
    int64_t ran = 0, waited = 0;
    if (file >> ran >> waited) sum += waited;
  }
  return std::chrono::nanoseconds(sum);
}

}  // namespace slipway::client
