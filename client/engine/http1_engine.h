#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/epoll_loop.h"
#include "client/engine/http1_connection.h"
#include "client/engine/timeout_queue.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// HTTP/1.1 with keep-alive, over TLS or not: each request takes the connection that has been idle
/// for longest, so all of them are used. A connection that the peer has closed is opened again for
/// the next request and its time counts. No request is sent twice.
class Http1Engine final : public Engine, public Http1Connection::Owner {
 public:
  /// Opens `share.connections`, and at least one for each slot.
  Http1Engine(EpollExecutor& executor, const EngineSpec& spec, const Share& share);
  ~Http1Engine() override;

  rpc::Task<absl::Status> Connect(rpc::Deadline deadline) override;
  void CancelConnect() override;
  void Listen(Listener* listener) override { listener_ = listener; }
  absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request& request) override;
  void Issue(uint32_t slot, const Encoded& request, rpc::Time now) override;
  rpc::Task<void> Shutdown() override;
  EngineCounts counts() const override { return counts_; }

 private:
  void OnConnected(Http1Connection& connection) override;
  void OnResponse(Http1Connection& connection) override;
  void OnFailure(Http1Connection& connection, bool connecting, int error,
                 std::string_view what) override;

  void OpenMore();
  void OnWarm(absl::Status status);
  void Send(Http1Connection& connection);
  void OnExpired(Http1Connection& connection);
  void FailLater(Http1Connection& connection, bool connecting, int error, std::string_view what);
  void Report(Http1Connection& connection, const Outcome& outcome, rpc::Time now);
  std::string Describe(int error, std::string_view what) const;

  EpollExecutor& executor_;
  const EngineSpec spec_;
  TimeoutQueue timeouts_;
  const std::unique_ptr<char[]> read_buffer_;
  const Http1Connection::Surroundings surroundings_;
  std::deque<Http1Connection> connections_;
  Listener* listener_ = nullptr;
  EngineCounts counts_;

  // The connections without a request, in the order in which they became so: a ring, since there
  // are never more than all of them.
  std::vector<Http1Connection*> idle_;
  size_t idle_first_ = 0;
  size_t idle_count_ = 0;

  // While Connect is under way.
  bool connecting_ = false;
  size_t opened_ = 0;
  size_t connected_ = 0;
  absl::Status connect_status_;
  rpc::WaitSlot connect_ended_;

  // False when the engine is gone, for what was posted before.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::client
