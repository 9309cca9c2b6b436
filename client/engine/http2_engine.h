#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/http2_exchange.h"
#include "client/engine/http2_link.h"
#include "client/engine/timeout_queue.h"
#include "rpc/io_executor.h"
#include "wire/channel_options.h"
#include "wire/wake_list.h"

namespace slipway::client {

/// HTTP/2, with prior knowledge or over TLS with ALPN, and gRPC on top of it: each slot is a stream
/// of one of a few connections. What the peer's MAX_CONCURRENT_STREAMS does not let out waits here
/// in the order of its coming. A connection that is lost comes again by itself; a request is sent
/// twice only when the peer has certainly not looked at the first.
///
/// A slot goes on with the connection that its last request ended on, in whose turn it is issued,
/// so that what one read has brought is answered by one write.
class Http2Engine : public Engine, private Http2Shared::Owner, private Http2Link::Owner {
 public:
  /// `spec.kind` is kHttp2 or kGrpc.
  Http2Engine(rpc::IoExecutor& executor, const EngineSpec& spec, const Share& share);
  ~Http2Engine() override;

  rpc::Task<absl::Status> Connect(rpc::Deadline deadline) override;
  void CancelConnect() override { EndConnect(absl::CancelledError("interrupted")); }
  void Listen(Listener* listener) override { shared_.listener = listener; }
  absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request& request) override;
  void Issue(uint32_t slot, const Encoded& request, rpc::Time now) override;
  rpc::Task<void> Shutdown() override;
  EngineCounts counts() const override { return {shared_.bytes_sent, reconnects_}; }

 private:
  using Queue =
      boost::intrusive::list<Http2Exchange,
                             boost::intrusive::member_hook<Http2Exchange, Http2Exchange::QueueHook,
                                                           &Http2Exchange::queue_hook>,
                             boost::intrusive::constant_time_size<false>>;

  void OnWoken(Http2Exchange& exchange) override;
  void OnUp(Http2Link& link) override;
  void OnRoom() override;
  void OnDown(Http2Link& link) override;

  void MakeExchanges();
  void MakeLinks();
  void OpenMore();
  void EndConnect(absl::Status status);
  void Route(Http2Exchange& exchange);
  bool Submit(Http2Exchange& exchange);
  bool FindLink(Http2Exchange& exchange);
  bool AnyReady() const;
  bool AllFailed() const;
  void Report(Http2Exchange& exchange);
  void Stop();

  rpc::IoExecutor& executor_;
  const EngineSpec spec_;
  const wire::ChannelOptions options_;
  const std::shared_ptr<wire::WakeList> wake_list_;
  Http2Shared shared_;
  const size_t fair_share_;  // streams of a connection when they are spread evenly
  TimeoutQueue timeouts_;
  std::vector<std::unique_ptr<Http2Link>> links_;
  std::vector<std::unique_ptr<Http2Exchange>> exchanges_;  // by slot
  Queue waiting_;
  size_t next_link_ = 0;
  bool reporting_ = false;
  bool stopped_ = false;
  uint64_t reconnects_ = 0;

  // What is reported, for as long as that takes.
  std::string message_;
  Response response_;

  // While Connect is under way.
  bool connecting_ = false;
  size_t opened_ = 0;
  size_t up_ = 0;
  absl::Status connect_status_;
  rpc::WaitSlot connect_ended_;
};

}  // namespace slipway::client
