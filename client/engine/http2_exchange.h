#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/intrusive/list.hpp>

#include "absl/status/status.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/http2_request.h"
#include "client/engine/request.h"
#include "client/engine/timeout_queue.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"
#include "rpc/status.h"
#include "wire/stream.h"
#include "wire/wake_list.h"

namespace slipway::client {

class Http2Exchange;

/// What the exchanges of one engine have in common; the engine keeps it longer than them.
struct Http2Shared {
  /// Hears of exchanges that have ended, or wait for a connection again, outside of nghttp2.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnWoken(Http2Exchange& exchange) = 0;
  };

  const EngineSpec& spec;
  rpc::Executor& executor;
  wire::WakeList& wake_list;
  Owner& owner;
  Engine::Listener* listener = nullptr;
  uint64_t bytes_sent = 0;
};

/// One slot of an Http2Engine: sends one request after the other and takes note of the answer, as a
/// stream of whatever connection the engine gives it. The derived classes know what an answer
/// means. Everything is reused, so that a request allocates nothing here. The engine's thread only.
class Http2Exchange : public wire::Stream, public TimeoutQueue::Entry {
 public:
  enum class State {
    kFree,
    kWaiting,  // for a connection
    kOpen,
    kEnded,  // and not reported yet
  };
  using QueueHook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  Http2Exchange(Http2Shared& shared, uint32_t slot) : shared_(shared), slot_(slot) {}

  uint32_t slot() const { return slot_; }
  State state() const { return state_; }
  const Http2Request& request() const { return *request_; }
  /// It ended with its connection, or for the lack of one.
  bool lost() const { return lost_; }

  /// kFree to kWaiting.
  void Start(const Http2Request& request, rpc::Time now);
  /// From here on the waiting is the peer's doing, which allows no more streams.
  void StartStreamWait() { stream_wait_begin_ = shared_.executor.Now(); }
  /// kWaiting to kOpen, or to kEnded when the connection does not take it.
  void SubmitTo(wire::Connection& connection);
  /// Any state but kFree and kEnded to kEnded: the time is over; there is no connection.
  void Expire();
  void Refuse(const absl::Status& why);
  /// Without a word to anybody.
  void Abandon();

  /// kEnded to kFree. The outcome's texts lie in `message` and `response`, which the exchange's
  /// next request does not touch.
  Outcome Take(std::string* message, Response* response);

  /// For the engine: which of its connections was used last, and the queue of those that wait.
  size_t link = 0;
  QueueHook queue_hook;

  void OnClosed(const wire::StreamEnd& end) final;
  size_t FillBody(uint8_t* buffer, size_t size, bool* end) final;
  void Wake() final { shared_.owner.OnWoken(*this); }

 protected:
  /// Forgets the last answer.
  virtual void StartAnswer() = 0;
  /// The stream or its connection broke, with what a call would end with.
  virtual void OnBroken(const rpc::Status& why) = 0;
  virtual void OnExpired() = 0;
  virtual void OnUnreachable(std::string_view why) = 0;
  /// Bytes of a piece that are not part of its message.
  virtual size_t prefix_size() const = 0;

  /// To kEnded. Called from inside nghttp2 or not.
  void End(OutcomeKind kind, int code, bool ok);
  /// The same for what the peer has not ended: resets the stream.
  void Fail(OutcomeKind kind, int code, std::string_view message);
  /// A message of a stream has come: reports its latency, and lets the next one go where client and
  /// server take turns.
  void OnMessage();

  const EngineSpec& spec() const { return shared_.spec; }
  bool deadline_passed() const { return shared_.executor.Now() >= deadline; }

  std::string message_;
  uint64_t bytes_received_ = 0;
  Response response_;  // when responses are kept

 private:
  void StartBody();
  void EndStreamWait();

  Http2Shared& shared_;
  const uint32_t slot_;
  State state_ = State::kFree;
  const Http2Request* request_ = nullptr;

  int64_t piece_ = 0;       // that goes out next, or is going out
  size_t piece_sent_ = 0;   // bytes of it
  int64_t allowed_ = 0;     // pieces that may go out so far
  rpc::Time message_mark_;  // since when the next message's latency counts
  bool resubmitted_ = false;
  bool lost_ = false;
  rpc::Time stream_wait_begin_ = rpc::Time::max();

  OutcomeKind kind_ = OutcomeKind::kBroken;
  int code_ = 0;
  bool ok_ = false;
  rpc::Duration stream_wait_{0};
};

}  // namespace slipway::client
