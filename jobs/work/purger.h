#pragma once

#include "jobs/work/context.h"
#include "jobs/work/root.h"
#include "rpc/executor.h"

namespace slipway::jobs {

/// Drops expired results, now and then. Owned by the worker, used on its thread.
class Purger {
 public:
  explicit Purger(const WorkContext& work) : work_(work), timer_(work.executor) {}

  void Start();
  /// What is under way goes on in the store; nobody hears of it.
  void Stop();

 private:
  Root Purge();

  const WorkContext& work_;
  bool stopped_ = false;
  rpc::Timer timer_;
  Root purge_;
};

}  // namespace slipway::jobs
