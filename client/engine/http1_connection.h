#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client/engine/address.h"
#include "client/engine/epoll_loop.h"
#include "client/engine/response_parser.h"
#include "client/engine/timeout_queue.h"
#include "client/engine/tls.h"
#include "client/engine/tls_stream.h"

namespace slipway::client {

/// One keep-alive connection of an HTTP/1.1 load: one request in flight at most. Owned by its
/// engine and used on its thread; opened and closed as often as the peer's behaviour demands.
/// Nothing is kept for it but what its response parser knows: requests and read buffer are the
/// engine's. While it carries a request of the engine it is in the queue of time-outs.
class Http1Connection : public EpollExecutor::Handler, public TimeoutQueue::Entry {
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
  };
  /// What the connections of an engine share. Outlives them.
  struct Surroundings {
    Owner& owner;
    EpollExecutor& executor;
    Endpoint endpoint;
    const TlsClient* tls;  // nullptr: plain text
    char* read_buffer;
    size_t read_buffer_size;
  };

  explicit Http1Connection(const Surroundings& surroundings);
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;
  ~Http1Connection() override { Close(); }

  /// Before the first Open: answers are kept, each until the next request is sent. A body above
  /// `limit` bytes is cut there, or a failure.
  void KeepResponses(size_t limit, bool cut);

  bool is_open() const { return state_ == State::kIdle; }
  bool is_connecting() const {
    return state_ == State::kConnecting || state_ == State::kShakingHands;
  }
  /// Starts to connect. An error (an errno) means that nothing was started.
  int Open();
  /// Sends `request`, which stays until the answer has come, before the loop sleeps next. Only when
  /// is_open().
  void Send(std::string_view request, bool head_request);
  /// Idempotent. Nothing more is reported.
  void Close();

  const ResponseParser& parser() const { return parser_; }
  /// The answer that came last; nullptr unless answers are kept.
  const Response* response() const { return kept_ == nullptr ? nullptr : &kept_->response; }

  void OnEvents(uint32_t events) override;

  /// For the engine: which request this carries.
  uint32_t slot = 0;
  std::string_view request;
  bool is_head = false;

 private:
  enum class State : uint8_t { kClosed, kConnecting, kShakingHands, kIdle, kBusy };

  void OnConnectEnd();
  void ShakeHands();
  void FailHandshake(std::string_view why);
  int SendRest();
  ssize_t Read();
  bool Drained(ssize_t size) const;
  void Receive(bool hung_up);
  bool OnEnd(ssize_t size);
  bool Consume(std::string_view bytes);
  void OnComplete();
  void Fail(bool connecting, int error, std::string_view what);

  const Surroundings& around_;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool reusable_ = true;  // false: bytes after the answer, or its end, have come
  bool unread_ = false;   // more may be there than one turn reads
  bool hung_up_ = false;  // the peer sends no more: read to the end
  std::string_view unsent_;
  ResponseParser parser_;
  std::unique_ptr<TlsStream> tls_;  // nullptr: plain text
  std::unique_ptr<KeptResponse> kept_;
};

}  // namespace slipway::client
