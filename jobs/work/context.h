#pragma once

#include <functional>

#include "jobs/store/store.h"
#include "jobs/work/lease_clock.h"
#include "jobs/work/options.h"
#include "rpc/executor.h"

namespace slipway::jobs {

/// What the parts of one worker share. Owned by the worker, used on its thread.
struct WorkContext {
  Store& store;
  rpc::Executor& executor;
  const WorkerOptions& options;
  const LeaseClock& clock;
  std::function<double()> random;
};

}  // namespace slipway::jobs
