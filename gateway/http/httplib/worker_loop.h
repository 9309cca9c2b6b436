#pragma once

#include <functional>
#include <memory>

#include "gateway/http/engine.h"
#include "rpc/executor.h"

namespace slipway::gateway {

/// The executor of one worker's thread, and how that thread runs it between what it does for the
/// library. Owned by its worker. Used on the worker's thread only, but for executor().Post.
class WorkerLoop {
 public:
  virtual ~WorkerLoop() = default;

  virtual rpc::Executor& executor() = 0;
  /// Makes this worker's handler, whose calls start and resume on executor().
  virtual std::unique_ptr<ExchangeHandler> MakeHandler() = 0;
  /// Runs work and timers until `done` is true; blocks while there is nothing to run.
  virtual void RunUntil(const bool& done) = 0;
  /// Runs what has come while the thread waited for a request, without waiting for more.
  virtual void CatchUp() = 0;
};

/// How the loops of a pool are made, and what each costs.
struct WorkerLoops {
  /// May throw when the system has no descriptor left.
  std::function<std::unique_ptr<WorkerLoop>()> make;
  /// Open files of one worker that serves no connection.
  int descriptors;
};

/// Loops whose calls use sockets: each has an event loop and a connection to the backend.
WorkerLoops SocketLoops(HandlerFactory factory);
/// Loops whose calls stay in this process: each is a queue with timers and holds no descriptor.
WorkerLoops LocalLoops(LocalHandlerFactory factory);

}  // namespace slipway::gateway
