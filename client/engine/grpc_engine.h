#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/engine/engine.h"
#include "rpc/client_call.h"
#include "rpc/executor.h"
#include "rpc/metadata.h"
#include "rpc/task.h"

namespace slipway::client {

/// What a gRPC load sends, prepared once and shared by all threads.
struct GrpcRequest {
  /// `/pkg.Service/Method`.
  std::string method;
  rpc::Metadata metadata;
  /// Wire bytes of the message.
  std::string message;
};

/// Unary gRPC calls over an rpc::Upstream. One coroutine for each slot makes one call after the
/// other; calls above what the peer allows at a time wait within the upstream, and that time
/// counts.
class GrpcEngine : public Engine {
 public:
  struct Options {
    std::shared_ptr<const GrpcRequest> request;
    /// Of this thread.
    uint32_t slots = 1;
    /// Deadline of each call; above zero.
    rpc::Duration timeout = std::chrono::seconds(20);
    /// How far the upstream is with its connections: OK when all are there, UNAVAILABLE while they
    /// come, anything else when they will not.
    std::function<absl::Status()> connected = [] { return absl::OkStatus(); };
  };

  GrpcEngine(std::unique_ptr<rpc::Upstream> upstream, Options options);

  rpc::Task<absl::Status> Connect(rpc::Deadline deadline) override;
  void Listen(Listener* listener) override { listener_ = listener; }
  void Issue(uint32_t slot, rpc::Time now) override;
  rpc::Task<void> Shutdown() override;
  uint64_t bytes_sent() const override { return calls_ * options_.request->message.size(); }

 private:
  struct Slot {
    bool wanted = false;
    rpc::Time start;
    std::unique_ptr<rpc::ClientCall> call;
    rpc::WaitSlot wake;
  };

  rpc::Task<void> RunSlot(uint32_t index);
  void Report(uint32_t index, const rpc::CallResult& result, int messages, uint64_t bytes);

  std::unique_ptr<rpc::Upstream> upstream_;
  const Options options_;
  std::vector<Slot> slots_;
  Listener* listener_ = nullptr;
  uint64_t calls_ = 0;
  bool stopping_ = false;
  uint32_t running_ = 0;
  rpc::WaitSlot all_ended_;
};

}  // namespace slipway::client
