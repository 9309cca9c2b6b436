#include "gateway/http/async/async_exchange.h"

#include <charconv>
#include <utility>

#include "base/log.h"
#include "gateway/http/async/connection.h"
#include "gateway/http/response_writer.h"

namespace slipway::gateway {

using base::Reason;

AsyncExchange::AsyncExchange(ThreadContext& thread) : thread_(thread), parser_(thread.limits) {}

void AsyncExchange::Begin(Connection& connection, rpc::Time now) {
  connection_ = &connection;
  started_ = now;
  parser_.Reset();
  parser_.head().peer.assign(connection.peer());
  set_route({});
  set_correlation_id({});
  reason_ = Reason::kNone;
  body_error_ = absl::OkStatus();
  input_broken_ = continue_sent_ = false;
  response_ = ResponseHead();
  out_.clear();
  pending_ = PendingWrite();
  framing_ = Framing::kNone;
  tail_ = {};
  body_bytes_ = 0;
  head_written_ = finished_ = gone_ = false;
  keep_alive_ = true;
  peer_gone_ = nullptr;
}

// ---- The body ----

rpc::Task<absl::StatusOr<std::optional<std::string>>> AsyncExchange::ReadBody() {
  for (;;) {
    if (gone_) {
      co_return base::MakeError(absl::StatusCode::kCancelled, Reason::kPeerGone,
                                "the client closed the connection before the end of the body");
    }
    if (!body_error_.ok()) co_return body_error_;
    if (parser_.body_done()) co_return std::nullopt;
    std::string piece;
    TakeBufferedBody(&piece);
    if (!piece.empty()) co_return std::optional<std::string>(std::move(piece));
    if (parser_.body_done() || !body_error_.ok()) continue;
    SendContinue();
    if (!connection_->TryReceive()) co_await body_waiter_.Wait();
  }
}

void AsyncExchange::TakeBufferedBody(std::string* piece) {
  InputBuffer& input = connection_->input();
  if (input.empty()) return;
  size_t used = 0;
  const RequestParser::Progress progress = parser_.ParseBody(input.view(), piece, &used);
  input.Consume(used);
  if (used > 0) connection_->OnInputUsed();
  if (progress != RequestParser::Progress::kRefused) return;
  const Refusal& refusal = parser_.refusal();
  FailBody(
      base::MakeError(refusal.reason == Reason::kBodyTooLarge ? absl::StatusCode::kResourceExhausted
                                                              : absl::StatusCode::kInvalidArgument,
                      refusal.reason, refusal.message),
      refusal.reason);
}

void AsyncExchange::FailBody(absl::Status error, Reason reason) {
  body_error_ = std::move(error);
  reason_ = reason;
  input_broken_ = true;
  keep_alive_ = false;
}

void AsyncExchange::OnBodyDeadline() {
  if (parser_.body_done() || input_broken_) return;
  FailBody(base::MakeError(absl::StatusCode::kDeadlineExceeded, Reason::kBodyTimeout,
                           "the body did not arrive within " +
                               std::to_string(thread_.limits.body_deadline.count()) + " ms"),
           Reason::kBodyTimeout);
  WakeReader();
}

void AsyncExchange::SendContinue() {
  if (!parser_.expects_continue() || continue_sent_ || head_written_) return;
  continue_sent_ = true;
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  PendingWrite pending(out_, {}, {});
  connection_->TryWrite(pending);
  // Should the socket be full, the rest leaves before the answer; a client that does not get the
  // word sends its body after a while.
  out_.erase(0, out_.size() - boost::asio::buffer_size(pending.pieces()));
}

// ---- The answer ----

void AsyncExchange::SendHead(ResponseHead head) { response_ = std::move(head); }

rpc::Task<bool> AsyncExchange::SendBody(std::string data, bool end) {
  if (!CanSend()) co_return false;
  if (!head_written_) WriteHead(end);
  const std::string_view payload = FramePiece(data, end);
  pending_ = PendingWrite(out_, payload, tail_);
  const bool sent = co_await Flusher{*this};
  if (sent && end) Finish();
  co_return sent;
}

rpc::Task<bool> AsyncExchange::SendTrailers(std::vector<Header> trailers) {
  if (!CanSend()) co_return false;
  if (!head_written_) WriteHead(/*last_piece=*/true);
  if (framing_ == Framing::kChunked) {
    out_ += "0\r\n";
    for (const Header& trailer : trailers) AppendHeaderLine(trailer.name, trailer.value, &out_);
    out_ += "\r\n";
  } else {
    FramePiece({}, /*end=*/true);
  }
  pending_ = PendingWrite(out_, {}, {});
  const bool sent = co_await Flusher{*this};
  if (sent) Finish();
  co_return sent;
}

void AsyncExchange::WriteHead(bool last_piece) {
  head_written_ = true;
  // A body that nobody will read need not end the connection if all of it is here.
  if (last_piece && !parser_.body_done() && !input_broken_) TakeBufferedBody(nullptr);
  const bool body_left = last_piece && !parser_.body_done();
  keep_alive_ = keep_alive_ && parser_.keep_alive() && !thread_.draining && !body_left;
  if (head().method == "HEAD" || StatusForbidsBody(response_.status)) {
    framing_ = Framing::kNone;
  } else if (response_.content_length) {
    framing_ = Framing::kLength;
  } else if (parser_.http_minor() > 0) {
    framing_ = Framing::kChunked;
  } else {
    framing_ = Framing::kUntilClose;
    keep_alive_ = false;
  }
  AppendResponseHead(response_, keep_alive_, parser_.http_minor(), framing_ == Framing::kChunked,
                     &out_);
}

std::string_view AsyncExchange::FramePiece(std::string_view data, bool end) {
  tail_ = {};
  switch (framing_) {
    case Framing::kNone:
      return {};
    case Framing::kLength: {
      const uint64_t room = *response_.content_length - body_bytes_;
      const std::string_view fits = data.substr(0, room);
      body_bytes_ += fits.size();
      CheckLength(end, data.size() - fits.size());
      return fits;
    }
    case Framing::kChunked:
      if (data.empty()) {
        if (end) tail_ = "0\r\n\r\n";
      } else {
        char size[16];
        out_.append(size, std::to_chars(size, size + sizeof size, data.size(), 16).ptr);
        out_ += "\r\n";
        tail_ = end ? "\r\n0\r\n\r\n" : "\r\n";
      }
      break;
    case Framing::kUntilClose:
      break;
  }
  body_bytes_ += data.size();
  return data;
}

void AsyncExchange::CheckLength(bool end, size_t surplus) {
  const bool short_of = end && body_bytes_ < *response_.content_length;
  if (surplus == 0 && !short_of) return;
  base::LogError("the answer to {} {} has not the {} bytes of its Content-Length", head().method,
                 head().target, *response_.content_length);
  keep_alive_ = false;  // the client cannot tell where the next answer would begin
}

void AsyncExchange::Flusher::await_suspend(std::coroutine_handle<> handle) {
  exchange.write_waiter_.Wait().await_suspend(handle);
  exchange.connection_->WaitWritable();
}

IoStatus AsyncExchange::WritePending() {
  if (pending_.empty()) return IoStatus::kDone;
  const IoStatus status = connection_->TryWrite(pending_);
  // After a part the socket is full: trying again at once would only hear that.
  return status == IoStatus::kDone && !pending_.empty() ? IoStatus::kBlocked : status;
}

void AsyncExchange::OnWritable() {
  if (WritePending() == IoStatus::kBlocked) {
    connection_->WaitWritable();
  } else {
    WakeWriter();
  }
}

bool AsyncExchange::FlushDone() {
  const bool sent = pending_.empty();
  pending_ = PendingWrite();
  out_.clear();
  if (!sent && reason_ == Reason::kNone) reason_ = Reason::kPeerGone;
  return sent;
}

void AsyncExchange::Finish() {
  finished_ = true;
  peer_gone_ = nullptr;
}

rpc::Task<bool> AsyncExchange::Refuse(Refusal refusal) {
  reason_ = refusal.reason;
  keep_alive_ = false;
  input_broken_ = true;
  std::string json = RefusalJson(refusal);
  SendHead({refusal.status, {{"Content-Type", "application/json"}}, json.size()});
  co_return co_await SendBody(std::move(json), /*end=*/true);
}

// ---- The peer ----

void AsyncExchange::OnPeerGone(rpc::Executor::Work callback) {
  peer_gone_ = nullptr;
  if (callback == nullptr || finished_) return;
  if (gone_) {
    callback();
  } else {
    peer_gone_ = std::move(callback);
  }
}

void AsyncExchange::MarkGone(Reason reason) {
  gone_ = true;
  if (reason_ == Reason::kNone && !finished_) reason_ = reason;
}

void AsyncExchange::NotifyGone() {
  rpc::Executor::Work callback = std::exchange(peer_gone_, nullptr);
  if (callback != nullptr) callback();
}

void AsyncExchange::Record(rpc::Time now) {
  const std::string_view reason =
      reason_ == Reason::kNone ? std::string_view() : base::ReasonName(reason_);
  thread_.recorder.Record({.peer = head().peer,
                           .method = head().method,
                           .target = head().target,
                           .route = route(),
                           .correlation_id = correlation_id(),
                           .status = head_written_ ? response_.status : 0,
                           .bytes = body_bytes_,
                           .elapsed = now - started_,
                           .reason = reason});
}

}  // namespace slipway::gateway
