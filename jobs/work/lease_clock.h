#pragma once

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"
#include "base/clock.h"
#include "jobs/store/job.h"
#include "rpc/executor.h"

namespace slipway::jobs {

/// `duration` as executors count it, from zero to a century, so that it can be added to any time of
/// theirs.
inline rpc::Duration ToSteady(absl::Duration duration) {
  duration = std::clamp(duration, absl::ZeroDuration(), absl::Hours(24 * 36'525));
  return std::chrono::duration_cast<rpc::Duration>(absl::ToChronoNanoseconds(duration));
}

/// The two clocks of leasing as a worker reads them. The steady one shows the wall time of its
/// making plus what has passed on the executor since, so that times of workers that were made one
/// after the other compare; no jump of the wall clock moves it. Owned by the worker, used on its
/// thread.
class LeaseClock {
 public:
  LeaseClock(const base::WallClock& wall, const rpc::Executor& executor)
      : wall_(wall), executor_(executor), anchor_(wall.Now()), start_(executor.Now()) {}

  absl::Time Wall() const { return wall_.Now(); }
  absl::Time Steady() const { return anchor_ + absl::FromChrono(executor_.Now() - start_); }
  JobTime Now() const { return {Wall(), Steady()}; }

 private:
  const base::WallClock& wall_;
  const rpc::Executor& executor_;
  const absl::Time anchor_;
  const rpc::Time start_;
};

}  // namespace slipway::jobs
