#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/grpcpp_call.h"
#include "client/engine/grpcpp_loop.h"

namespace slipway::client {

/// gRPC through the gRPC C++ library's asynchronous client: one completion queue for the thread,
/// the generic stub, channels that each have a connection of their own. Shows what a user of the
/// library would see. The library connects again by itself and tells nobody, so reconnects are not
/// counted, and neither is how long calls wait for a stream.
class GrpcppEngine : public Engine, private GrpcppCall::Owner {
 public:
  /// `spec.kind` is kGrpcpp.
  GrpcppEngine(CqLoop& loop, const EngineSpec& spec, const Share& share);
  ~GrpcppEngine() override;

  /// INVALID_ARGUMENT for what the library cannot do: TLS without verifying the server.
  rpc::Task<absl::Status> Connect(rpc::Deadline deadline) override;
  void CancelConnect() override { connect_cancelled_ = true; }
  void Listen(Listener* listener) override { listener_ = listener; }
  absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request& request) override;
  void Issue(uint32_t slot, const Encoded& request, rpc::Time now) override;
  rpc::Task<void> Shutdown() override;
  EngineCounts counts() const override;

 private:
  struct Lane {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<grpc::GenericStub> stub;
  };

  void OnEnd(GrpcppCall& call, const Outcome& outcome) override;
  void OnMessage(GrpcppCall& call, rpc::Duration latency) override;

  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials() const;
  grpc::ChannelArguments Arguments() const;
  absl::Status MakeLanes();
  rpc::Task<absl::Status> AwaitReady(size_t lane, rpc::Deadline deadline);
  bool AnyReady() const;

  CqExecutor& executor_;
  const EngineSpec spec_;
  const size_t connections_;
  std::vector<Lane> lanes_;
  std::vector<std::unique_ptr<GrpcppCall>> calls_;  // by slot
  Listener* listener_ = nullptr;
  size_t running_ = 0;
  bool stopping_ = false;
  bool connect_cancelled_ = false;
  rpc::WaitSlot all_ended_;
};

}  // namespace slipway::client
