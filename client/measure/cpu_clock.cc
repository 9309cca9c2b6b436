#include "client/measure/cpu_clock.h"

#include "absl/strings/str_cat.h"

namespace slipway::client {

absl::StatusOr<CpuClock> CpuClock::Of(pid_t pid) {
  clockid_t id;
  if (pid <= 0 || clock_getcpuclockid(pid, &id) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no process with the id ", pid));
  }
  return CpuClock(id);
}

absl::StatusOr<std::chrono::nanoseconds> CpuClock::Now() const {
  timespec time;
  if (clock_gettime(id_, &time) != 0) return absl::NotFoundError("the process has ended");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace slipway::client
