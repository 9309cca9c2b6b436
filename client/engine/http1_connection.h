#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/engine/address.h"
#include "client/engine/poller.h"
#include "client/engine/response_parser.h"
#include "client/engine/timeout_queue.h"

namespace slipway::client {

/// One keep-alive connection of an HTTP/1.1 load: one request in flight at most. Owned by its
/// engine and used on its thread; opened and closed as often as the peer's behaviour demands.
/// Nothing is kept for it but what its response parser knows: requests and read buffer are the
/// engine's. While it carries a request of the engine it is in the queue of time-outs.
class Http1Connection : public Poller::Handler, public TimeoutQueue::Entry {
 public:
  /// Where a connection belongs: tells the engine what happened, lends it the buffer.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnConnected(Http1Connection& connection) = 0;
    /// The whole answer is in parser(); the connection is idle or closed.
    virtual void OnResponse(Http1Connection& connection) = 0;
    /// What was under way (the attempt to connect or the request) has failed; the connection is
    /// closed. `error` is an errno or 0, `what` says what happened.
    virtual void OnFailure(Http1Connection& connection, bool connecting, int error,
                           std::string_view what) = 0;
    virtual Poller& poller() = 0;
    virtual char* read_buffer() = 0;
    virtual size_t read_buffer_size() = 0;
  };

  Http1Connection(Owner& owner, const Endpoint& endpoint) : owner_(owner), endpoint_(endpoint) {}
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;
  ~Http1Connection() override { Close(); }

  bool is_open() const { return state_ == State::kIdle; }
  /// Starts to connect. An error (an errno) means that nothing was started.
  int Open();
  /// Sends `request`, which stays until the answer has come. Only when is_open(). An error (an
  /// errno) means that the connection is closed and nothing more will be reported.
  int Send(std::string_view request, bool head_request);
  /// Idempotent. Nothing more is reported.
  void Close();

  const ResponseParser& parser() const { return parser_; }
  /// Of the answer that came last or is coming.
  uint64_t bytes_received() const { return bytes_received_; }
  const Endpoint& endpoint() const { return endpoint_; }

  void OnEvents(uint32_t events) override;

  /// For the engine: which request this carries.
  uint32_t slot = 0;

 private:
  enum class State : uint8_t { kClosed, kConnecting, kIdle, kBusy };

  void OnConnectEnd();
  int SendRest();
  void Receive(bool to_the_end);
  bool Consume(std::string_view bytes);
  void OnComplete();
  void Fail(bool connecting, int error, std::string_view what);

  Owner& owner_;
  const Endpoint endpoint_;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool reusable_ = true;  // false: bytes after the answer, or its end, have come
  std::string_view unsent_;
  uint64_t bytes_received_ = 0;
  ResponseParser parser_;
};

}  // namespace slipway::client
