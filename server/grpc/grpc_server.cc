#include "server/grpc/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/log.h"

namespace slipway::server {
namespace {

// Calls that wait to be accepted on each queue: a burst is taken in without a round through the
// queue for each call.
constexpr int kAcceptorsPerQueue = 16;

// Above it the library ends the whole connection, also for the other calls on it. So it is well
// above what a gateway lets in (64 KiB of headers, of which some are passed on twice).
constexpr int kMaxMetadataBytes = 256 * 1024;

// What the library says goes into our log. Its errors are about single connections, or repeat what
// a call of ours answers with; they are details.
void LogFromGrpc(gpr_log_func_args* args) {
  base::LogDebug("grpc: {}:{} {}", args->file, args->line, args->message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    GrpcServerOptions options, std::shared_ptr<const rpc::Dispatcher> dispatcher) {
  gpr_set_log_function(&LogFromGrpc);
  // Debian's abseil is built with assertions, which makes every lock of the library enter one
  // global graph to look for cycles: a tenth of a call, and a lock that all threads share.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::unique_ptr<GrpcServer> self(new GrpcServer);
  self->dispatcher_ = std::move(dispatcher);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &self->port_);
  builder.RegisterAsyncGenericService(&self->service_);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 1);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  for (int i = 0; i < options.threads; ++i) {
    self->queues_.push_back(
        std::make_unique<Queue>(builder.AddCompletionQueue(), self->service_, *self->dispatcher_));
  }
  self->server_ = builder.BuildAndStart();
  if (self->server_ == nullptr || self->port_ == 0) {
    for (auto& queue : self->queues_) queue->executor.Close();
    for (auto& queue : self->queues_) queue->executor.Run();
    self->queues_.clear();
    return absl::UnavailableError("cannot listen on " + options.listen +
                                  " for gRPC: the address is taken or not of this machine");
  }
  for (auto& queue : self->queues_) {
    for (int i = 0; i < kAcceptorsPerQueue; ++i) queue->host.Accept();
    queue->thread = std::thread([raw = queue.get()] { raw->executor.Run(); });
  }
  return self;
}

GrpcServer::~GrpcServer() { Drain(std::chrono::milliseconds(0)); }

void GrpcServer::Drain(std::chrono::milliseconds grace) {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  for (auto& queue : queues_) {
    queue->executor.Post([host = &queue->host] {
      host->closing = true;
      if (host->live == 0) host->executor.Close();
    });
  }
  for (auto& queue : queues_) queue->thread.join();
  server_.reset();
  queues_.clear();
}

}  // namespace slipway::server
