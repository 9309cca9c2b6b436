#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/http/async/peer_socket.h"
#include "gateway/http/async/refusal.h"
#include "gateway/http/async/request_parser.h"
#include "gateway/http/async/thread_context.h"
#include "gateway/http/exchange.h"
#include "rpc/task.h"

namespace slipway::gateway {

/// One request of a connection and its answer: the parser with the head, the reader of the body,
/// and the writer of the answer. The connection takes it from its thread's pool when the first byte
/// of a request is there and gives it back when Handle has returned, so strings keep their memory
/// and idle connections have none of it.
///
/// Everything happens on the connection's thread. The connection tells it of input, of room for
/// output, of deadlines and of the peer's end; each may resume the handler, which may finish and
/// give the exchange back before the call returns.
class AsyncExchange final : public Exchange {
 public:
  explicit AsyncExchange(ThreadContext& thread);

  // What the handler sees.
  const RequestHead& head() const override { return parser_.head(); }
  rpc::Executor& executor() override { return thread_.executor; }
  rpc::Task<absl::StatusOr<std::optional<std::string>>> ReadBody() override;
  void SendHead(ResponseHead head) override;
  rpc::Task<bool> SendBody(std::string data, bool end) override;
  rpc::Task<bool> SendTrailers(std::vector<Header> trailers) override;
  void OnPeerGone(rpc::Executor::Work callback) override;

  // What the connection does.
  /// Starts with a new request.
  void Begin(Connection& connection, rpc::Time now);
  RequestParser& parser() { return parser_; }
  rpc::Time started() const { return started_; }
  /// There is new input.
  void OnReadable() { WakeReader(); }
  /// There is room for output.
  void OnWritable();
  /// The body's time is over.
  void OnBodyDeadline();
  /// The connection is closed: nothing more can be read or sent. `reason` is for the record.
  void MarkGone(base::Reason reason);
  /// The steps after MarkGone, each of which may end the exchange: tell who asked, wake who waits.
  void NotifyGone();
  void WakeReader() { body_waiter_.Wake(); }
  void WakeWriter() { write_waiter_.Wake(); }
  /// Answers with an error of the engine's own, then closes the connection.
  rpc::Task<bool> Refuse(Refusal refusal);

  /// Nothing has left for the peer.
  bool unanswered() const { return !head_written_; }
  /// The whole answer has left.
  bool finished() const { return finished_; }
  /// The connection may serve another request after this one.
  bool reusable() const { return finished_ && keep_alive_ && parser_.body_done(); }
  /// A body that is still to come must be drained, or garbage may follow.
  bool input_left() const { return input_broken_ || !parser_.body_done(); }
  void Record(rpc::Time now);

 private:
  enum class Framing { kNone, kLength, kChunked, kUntilClose };

  /// Writes what is pending without another coroutine; answers false when the peer is gone.
  struct Flusher {
    AsyncExchange& exchange;
    bool await_ready() { return exchange.WritePending() != IoStatus::kBlocked; }
    void await_suspend(std::coroutine_handle<> handle);
    bool await_resume() { return exchange.FlushDone(); }
  };

  void FailBody(absl::Status error, base::Reason reason);
  void TakeBufferedBody(std::string* piece);
  void SendContinue();

  bool CanSend() const { return !gone_ && !finished_; }
  void WriteHead(bool last_piece);
  std::string_view FramePiece(std::string_view data, bool end);
  void CheckLength(bool end, size_t surplus);
  IoStatus WritePending();
  bool FlushDone();
  void Finish();

  ThreadContext& thread_;
  RequestParser parser_;
  Connection* connection_ = nullptr;  // of this request
  rpc::Time started_{};
  base::Reason reason_ = base::Reason::kNone;  // why the engine refused it

  // The body.
  rpc::WaitSlot body_waiter_;
  absl::Status body_error_;
  bool input_broken_ = false;  // what follows in the input cannot be understood
  bool continue_sent_ = false;

  // The answer.
  ResponseHead response_;
  std::string out_;  // what leaves before the next piece: head, chunk size
  PendingWrite pending_;
  rpc::WaitSlot write_waiter_;
  Framing framing_ = Framing::kNone;
  std::string_view tail_;      // what leaves behind the piece
  uint64_t body_bytes_ = 0;    // sent
  bool head_written_ = false;  // it is in out_ or has left
  bool finished_ = false;
  bool keep_alive_ = true;

  // The peer.
  rpc::Executor::Work peer_gone_;
  bool gone_ = false;
};

}  // namespace slipway::gateway
