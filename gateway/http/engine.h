#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/http/exchange.h"
#include "rpc/io_executor.h"

namespace slipway::gateway {

class Recorder;

/// What an engine allows its peers. Every limit has a switch of the same name and a metric that
/// counts how often it was reached.
struct EngineLimits {
  size_t max_head_bytes =
      64 * 1024;  ///< request line and headers together: 431 (414 for the target)
  size_t max_target_bytes = 8 * 1024;              ///< 414
  size_t max_header_bytes = 8 * 1024;              ///< one header line: 431
  size_t max_headers = 100;                        ///< 431
  size_t max_body_bytes = 4 * 1024 * 1024;         ///< 413
  size_t max_connections = 20000;                  ///< above it a connection gets 503 and is closed
  std::chrono::milliseconds head_deadline{10000};  ///< first byte of a head to its last: 408
  std::chrono::milliseconds body_deadline{30000};  ///< for the whole body: 408
  std::chrono::milliseconds write_deadline{30000};  ///< no progress of a send: closed
  std::chrono::milliseconds idle_timeout{75000};    ///< between two requests: closed
};

struct EngineOptions {
  std::vector<std::string> listen;  ///< HOST:PORT, each; port 0 takes a free one
  int threads = 1;                  ///< event loops (async)
  int workers = 8;                  ///< pool size (httplib)
  EngineLimits limits;
};

/// Makes the handler of one thread of the engine, on that thread's executor.
using HandlerFactory = std::function<std::unique_ptr<ExchangeHandler>(rpc::IoExecutor&)>;
/// The same where calls stay in this process: the thread's executor needs no sockets.
using LocalHandlerFactory = std::function<std::unique_ptr<ExchangeHandler>(rpc::Executor&)>;

/// An HTTP server that turns bytes into exchanges. Two exist: `async` (coroutines on an event loop
/// for each core) and `httplib` (a thread for each connection). Start, Drain and the destructor are
/// called by the thread that owns it.
class HttpEngine {
 public:
  virtual ~HttpEngine() = default;
  /// Binds all addresses and serves. An address that cannot be bound is named in the error.
  virtual absl::Status Start() = 0;
  /// The port of each listen address, in order; after Start.
  virtual std::vector<int> ports() const = 0;
  /// Stops listening, lets the exchanges in flight finish for at most `grace`, then closes all.
  virtual void Drain(std::chrono::milliseconds grace) = 0;
};

/// `recorder` outlives the engine.
std::unique_ptr<HttpEngine> MakeAsyncEngine(EngineOptions options, HandlerFactory factory,
                                            Recorder& recorder);
std::unique_ptr<HttpEngine> MakeHttplibEngine(EngineOptions options, HandlerFactory factory,
                                              Recorder& recorder);
/// Its workers hold no descriptors but those of the connections that they serve.
std::unique_ptr<HttpEngine> MakeLocalHttplibEngine(EngineOptions options,
                                                   LocalHandlerFactory factory, Recorder& recorder);

}  // namespace slipway::gateway
