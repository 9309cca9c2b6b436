#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/dispatcher.h"
#include "server/grpc/cq_call.h"

namespace grpc {
class Server;
}  // namespace grpc

namespace slipway::server {

struct GrpcServerOptions {
  /// HOST:PORT; port 0 takes a free one.
  std::string listen = "127.0.0.1:50051";
  /// Completion queues, each with a thread of its own.
  int threads = 1;
  /// Largest request message; above it RESOURCE_EXHAUSTED.
  int max_message_bytes = 4 * 1024 * 1024;
  /// Streams at once on one connection. High by default: a client that multiplexes thousands of
  /// slow calls over one connection is the case this server exists for.
  int max_streams = 100000;
};

/// gRPC on async completion queues: one generic acceptor hands every method and kind to the
/// Dispatcher. Made and drained by the thread that owns it.
class GrpcServer {
 public:
  /// Listens and serves. A port that is taken is an error that names it: ports are not shared.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      GrpcServerOptions options, std::shared_ptr<const rpc::Dispatcher> dispatcher);
  /// Drains with no grace if that has not been done.
  ~GrpcServer();

  int port() const { return port_; }

  /// Takes no more calls, lets those in flight end for at most `grace`, cancels the rest, then
  /// joins the threads and empties the queues. Once.
  void Drain(std::chrono::milliseconds grace);

 private:
  struct Queue {
    Queue(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService& service,
          const rpc::Dispatcher& dispatcher)
        : executor(std::move(queue)), host{executor, service, dispatcher} {}
    CqExecutor executor;
    CqCallHost host;
    std::thread thread;
  };

  GrpcServer() = default;

  std::shared_ptr<const rpc::Dispatcher> dispatcher_;
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace slipway::server
