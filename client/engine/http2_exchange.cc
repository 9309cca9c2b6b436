#include "client/engine/http2_exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wire/connection.h"

namespace slipway::client {

void Http2Exchange::Start(const Http2Request& request, rpc::Time now) {
  request_ = &request;
  state_ = State::kWaiting;
  message_mark_ = now;
  resubmitted_ = false;
  lost_ = false;
  stream_wait_begin_ = rpc::Time::max();
  stream_wait_ = rpc::Duration::zero();
  message_.clear();
  bytes_received_ = 0;
  StartBody();
  StartAnswer();
}

void Http2Exchange::StartBody() {
  piece_ = 0;
  piece_sent_ = 0;
  const bool turns = request_->shape() == CallShape::kBidiStream;
  allowed_ = std::min<int64_t>(request_->piece_count(), turns ? 1 : request_->piece_count());
}

void Http2Exchange::SubmitTo(wire::Connection& connection) {
  EndStreamWait();
  state_ = State::kOpen;
  connection.Submit(*this, request_->headers(), request_->has_body());
}

void Http2Exchange::EndStreamWait() {
  if (stream_wait_begin_ == rpc::Time::max()) return;
  stream_wait_ += shared_.executor.Now() - std::exchange(stream_wait_begin_, rpc::Time::max());
}

// What is not certainly unprocessed is not sent twice: it may have had its effect.
void Http2Exchange::OnClosed(const wire::StreamEnd& end) {
  if (state_ != State::kOpen) return;
  if (!end.unprocessed || std::exchange(resubmitted_, true)) {
    lost_ = true;
    return OnBroken(end.status);
  }
  state_ = State::kWaiting;
  StartBody();
  shared_.wake_list.Add(*this);
}

size_t Http2Exchange::FillBody(uint8_t* buffer, size_t size, bool* end) {
  size_t filled = 0;
  while (filled < size && piece_ < allowed_) {
    const std::string_view piece = request_->piece(piece_);
    const size_t take = std::min(size - filled, piece.size() - piece_sent_);
    std::memcpy(buffer + filled, piece.data() + piece_sent_, take);
    filled += take;
    piece_sent_ += take;
    if (piece_sent_ < piece.size()) break;
    shared_.bytes_sent += piece.size() - prefix_size();
    ++piece_;
    piece_sent_ = 0;
  }
  *end = piece_ == request_->piece_count();
  return filled == 0 && !*end ? kNothingYet : filled;
}

void Http2Exchange::OnMessage() {
  const CallShape shape = request_->shape();
  if (shape != CallShape::kServerStream && shape != CallShape::kBidiStream) return;
  const rpc::Time now = shared_.executor.Now();
  const rpc::Duration latency = now - std::exchange(message_mark_, now);
  if (shared_.listener != nullptr) shared_.listener->Message(slot_, latency);
  // The last one that went out has its answer.
  if (piece_ == allowed_ && allowed_ < request_->piece_count()) {
    ++allowed_;
    if (connection() != nullptr) connection()->ResumeBody(*this);
  }
}

void Http2Exchange::End(OutcomeKind kind, int code, bool ok) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  kind_ = kind;
  code_ = code;
  ok_ = ok;
  shared_.wake_list.Add(*this);
}

void Http2Exchange::Fail(OutcomeKind kind, int code, std::string_view message) {
  if (state_ == State::kEnded) return;
  if (connection() != nullptr) connection()->Reset(*this, NGHTTP2_CANCEL);
  queue_hook.unlink();
  EndStreamWait();
  message_ = message;
  End(kind, code, false);
}

void Http2Exchange::Expire() { OnExpired(); }

void Http2Exchange::Refuse(const absl::Status& why) {
  lost_ = true;
  OnUnreachable({why.message().data(), why.message().size()});
}

void Http2Exchange::Abandon() {
  TimeoutQueue::Leave(*this);
  queue_hook.unlink();
  wake_hook.unlink();
  if (connection() != nullptr) connection()->Reset(*this, NGHTTP2_CANCEL);
  state_ = State::kFree;
}

Outcome Http2Exchange::Take(std::string* message, Response* response) {
  state_ = State::kFree;
  // Both get the other's storage to use again.
  message_.swap(*message);
  Outcome outcome;
  outcome.kind = kind_;
  outcome.code = code_;
  outcome.ok = ok_;
  outcome.message = *message;
  outcome.bytes_received = bytes_received_;
  outcome.stream_wait = stream_wait_;
  if (spec().keep_response) {
    std::swap(response_, *response);
    response->status = code_;
    outcome.response = response;
  }
  return outcome;
}

}  // namespace slipway::client
