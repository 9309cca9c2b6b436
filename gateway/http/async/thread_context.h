#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "gateway/http/async/input_buffer.h"
#include "gateway/http/engine.h"
#include "gateway/http/recorder.h"
#include "rpc/io_executor.h"

namespace slipway::gateway {

class AsyncExchange;
class Connection;

/// What all connections of one thread share. Owned by the Worker, outlives its connections; used on
/// its thread only.
struct ThreadContext {
  ThreadContext(const EngineLimits& limits, Recorder& recorder);
  ~ThreadContext();

  /// An exchange with its parser, from those not in use.
  std::unique_ptr<AsyncExchange> TakeExchange();
  void GiveExchange(std::unique_ptr<AsyncExchange> exchange);

  const EngineLimits& limits;
  Recorder& recorder;
  rpc::IoExecutor executor;
  ExchangeHandler* handler = nullptr;
  /// The engine is ending: every answer closes its connection.
  bool draining = false;
  BufferPool buffers;
  /// Destroys a connection that has ended; never from inside the call.
  std::function<void(Connection&)> bury;

 private:
  std::vector<std::unique_ptr<AsyncExchange>> free_exchanges_;
};

}  // namespace slipway::gateway
