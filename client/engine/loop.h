#pragma once

#include "absl/status/status.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"

namespace slipway::client {

class EpollExecutor;

/// What one thread of a run does all the time: waits for events and handles them. Engines need
/// executors of different kinds; each loop has those that it is for.
class Loop {
 public:
  virtual ~Loop() = default;
  /// For work and timers that belong to no engine.
  virtual rpc::Executor& executor() = 0;
  /// Runs on this thread until `done` is true.
  virtual void RunUntil(const bool& done) = 0;

  /// What kept the system from making it, such as too many open files. Nothing else works then.
  virtual absl::Status status() const { return absl::OkStatus(); }

  /// Of the engines for HTTP/1.1, and for HTTP/2 and gRPC; nullptr where the loop is not for them.
  virtual EpollExecutor* epoll() { return nullptr; }
  virtual rpc::IoExecutor* io() { return nullptr; }
};

/// The loop of the HTTP/2 engine: sockets and timers of one io_context.
class IoLoop : public Loop {
 public:
  rpc::IoExecutor& executor() override { return executor_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }
  rpc::IoExecutor* io() override { return &executor_; }

 private:
  rpc::IoExecutor executor_;
};

}  // namespace slipway::client
