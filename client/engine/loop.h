#pragma once

#include "rpc/executor.h"
#include "rpc/io_executor.h"

namespace slipway::client {

/// What one thread of a run does all the time: waits for events and handles them.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual rpc::Executor& executor() = 0;
  /// Runs on this thread until `done` is true.
  virtual void RunUntil(const bool& done) = 0;
};

/// The loop of our own engines: sockets and timers of one io_context.
class IoLoop : public Loop {
 public:
  rpc::IoExecutor& executor() override { return executor_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  rpc::IoExecutor executor_;
};

}  // namespace slipway::client
