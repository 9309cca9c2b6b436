#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/engine/address.h"
#include "client/engine/engine.h"
#include "client/engine/http1_connection.h"
#include "client/engine/http1_request.h"
#include "client/engine/poller.h"
#include "client/engine/timeout_queue.h"
#include "rpc/io_executor.h"

namespace slipway::client {

/// HTTP/1.1 with keep-alive: each request takes the connection that has been idle for longest, so
/// all of them are used. A connection that the peer has closed is opened again for the next request
/// and its time counts. No request is sent twice.
class Http1Engine : public Engine, public Http1Connection::Owner {
 public:
  struct Options {
    Endpoint endpoint;
    std::shared_ptr<const Http1Request> request;
    /// Of this thread; at least as many as it has slots.
    size_t connections = 1;
    /// From sending (or connecting) to the last byte; above zero.
    rpc::Duration timeout = std::chrono::seconds(20);
  };

  Http1Engine(rpc::IoExecutor& executor, Options options);
  ~Http1Engine() override;

  rpc::Task<absl::Status> Connect(rpc::Deadline deadline) override;
  void Listen(Listener* listener) override { listener_ = listener; }
  void Issue(uint32_t slot, rpc::Time now) override;
  rpc::Task<void> Shutdown() override;
  uint64_t bytes_sent() const override { return requests_sent_ * options_.request->bytes.size(); }

 private:
  static constexpr size_t kReadBufferSize = 64 * 1024;

  void OnConnected(Http1Connection& connection) override;
  void OnResponse(Http1Connection& connection) override;
  void OnFailure(Http1Connection& connection, bool connecting, int error,
                 std::string_view what) override;
  Poller& poller() override { return poller_; }
  char* read_buffer() override { return read_buffer_.get(); }
  size_t read_buffer_size() override { return kReadBufferSize; }

  void OpenMore();
  void OnWarm(absl::Status status);
  void Send(Http1Connection& connection);
  void OnExpired(Http1Connection& connection);
  void FailLater(Http1Connection& connection, bool connecting, int error, std::string_view what);
  void Report(Http1Connection& connection, const Outcome& outcome, rpc::Time now);
  std::string Describe(const Http1Connection& connection, int error, std::string_view what) const;

  rpc::IoExecutor& executor_;
  const Options options_;
  Poller poller_;
  TimeoutQueue timeouts_;
  std::unique_ptr<char[]> read_buffer_;
  std::vector<std::unique_ptr<Http1Connection>> connections_;
  Listener* listener_ = nullptr;
  uint64_t requests_sent_ = 0;

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
