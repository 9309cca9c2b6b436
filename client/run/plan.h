#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "client/engine/engine_spec.h"
#include "client/report/report.h"
#include "client/run/load_shape.h"
#include "client/run/workload.h"

namespace slipway::client {

/// One target made ready to be loaded: resolved, its requests known, all numbers decided. Immutable
/// and shared by the threads of its runs; a copy with another `load` is another cell of the same
/// target.
struct Plan {
  ReportTarget target;
  LoadShape load;
  /// One; of a scenario one for each server. All of the same kind of loop.
  std::vector<EngineSpec> engines;
  std::shared_ptr<const Workload> workload;
  std::optional<pid_t> server_pid;
  uint64_t seed = 0;

  /// The part of thread `index`; parts differ by one at most.
  Share ShareOf(int index) const;
};

}  // namespace slipway::client
