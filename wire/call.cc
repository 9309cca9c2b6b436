#include "wire/call.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "wire/balancer.h"
#include "wire/encoding.h"
#include "wire/request_headers.h"
#include "wire/status_mapping.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;

// -1 when it is not a number.
int ParseNumber(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && parsed == end && number >= 0 ? number : -1;
}

rpc::Status DeadlineExceeded() { return rpc::Status(Code::kDeadlineExceeded, "Deadline Exceeded"); }

}  // namespace

Call::Call(std::shared_ptr<Balancer> balancer)
    : balancer_(std::move(balancer)),
      deadline_timer_(balancer_->executor()),
      reader_(balancer_->options().max_receive_message) {}

Call::~Call() { balancer_->Forget(*this); }

void Call::Start(rpc::CallSpec spec) {
  if (state_ != State::kNew) return;  // cancelled before
  spec_ = std::move(spec);
  state_ = State::kQueued;
  if (rpc::Status status = CheckMetadata(spec_.metadata); !status.ok()) {
    return EndHere(std::move(status));
  }
  if (StartDeadline()) balancer_->Route(*this);
}

// False when there is no time left.
bool Call::StartDeadline() {
  if (spec_.deadline == rpc::kNoDeadline) return true;
  if (DeadlinePassed()) {
    EndHere(DeadlineExceeded());
    return false;
  }
  deadline_timer_.Start(spec_.deadline, [this] { EndHere(DeadlineExceeded()); });
  return true;
}

bool Call::DeadlinePassed() const {
  return spec_.deadline != rpc::kNoDeadline && balancer_->executor().Now() >= spec_.deadline;
}

void Call::SubmitTo(Connection& connection) {
  state_ = State::kOpen;
  const RequestHeaders headers(spec_, balancer_->tls(), balancer_->authority(),
                               balancer_->options().user_agent, balancer_->executor().Now());
  connection.Submit(*this, headers.list());
}

void Call::Fail(rpc::Status status) { EndHere(std::move(status)); }

void Call::WritesDone() {
  writes_done_ = true;
  if (connection() != nullptr) connection()->ResumeBody(*this);
}

void Call::Cancel() { EndHere(rpc::Status(Code::kCancelled, "the caller cancelled the call")); }

void Call::Changed() { balancer_->wake_list().Add(*this); }

bool Call::Ready(Op op) const {
  if (state_ == State::kEnded) return true;
  switch (op) {
    case Op::kInitialMetadata:
      return head_seen_;
    case Op::kRead:
      return reader_.complete();
    case Op::kWrite:
      return !out_pending_;
    case Op::kFinish:
      return false;
  }
  return false;
}

// ---- Out ----

bool Call::PutMessage(std::string message) {
  if (state_ == State::kEnded || writes_done_) return false;
  out_ = std::move(message);
  const auto size = static_cast<uint32_t>(out_.size());
  prefix_ = {0, static_cast<uint8_t>(size >> 24), static_cast<uint8_t>(size >> 16),
             static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)};
  out_written_ = 0;
  out_pending_ = true;
  if (++messages_put_ > 1) resendable_ = false;
  if (connection() != nullptr) connection()->ResumeBody(*this);
  return true;
}

size_t Call::FillBody(uint8_t* buffer, size_t size, bool* end) {
  size_t filled = 0;
  if (out_pending_ && out_written_ < prefix_.size()) {
    filled = std::min(size, prefix_.size() - out_written_);
    std::memcpy(buffer, prefix_.data() + out_written_, filled);
    out_written_ += filled;
  }
  if (out_pending_ && out_written_ >= prefix_.size()) {
    const size_t offset = out_written_ - prefix_.size();
    const size_t take = std::min(size - filled, out_.size() - offset);
    std::memcpy(buffer + filled, out_.data() + offset, take);
    out_written_ += take;
    filled += take;
    out_pending_ = out_written_ < prefix_.size() + out_.size();
    if (!out_pending_ && !writes_done_) Changed();  // room for the next
  }
  *end = writes_done_ && !out_pending_;
  return filled == 0 && !*end ? kNothingYet : filled;
}

// Back to before the first byte, for another connection.
void Call::Rewind() {
  out_written_ = 0;
  out_pending_ = messages_put_ > 0;
  resendable_ = false;
  state_ = State::kQueued;
}

// ---- In ----

void Call::OnHeader(std::string_view name, std::string_view value) {
  // As in RFC 9113, 6.5.2.
  block_size_ += name.size() + value.size() + 32;
  if (block_size_ > balancer_->options().connection.max_header_list) return;
  if (name == ":status") {
    http_status_ = ParseNumber(value);
  } else if (name == "content-type") {
    grpc_content_ = value.starts_with("application/grpc");
  } else if (name.starts_with("grpc-")) {
    OnGrpcHeader(name, value);
  } else if (IsBinaryKey(name)) {
    AddBinary(name, value, &block_);
  } else {
    block_.Add(std::string(name), std::string(value));
  }
}

void Call::OnGrpcHeader(std::string_view name, std::string_view value) {
  if (name == "grpc-status") {
    // What is not a number becomes UNKNOWN, as a number that is not known.
    const int number = ParseNumber(value);
    grpc_status_ = number >= 0 ? number : static_cast<int>(Code::kUnknown);
  } else if (name == "grpc-message") {
    grpc_message_ = PercentDecode(value);
  } else if (name == "grpc-status-details-bin") {
    rpc::Metadata decoded;
    AddBinary(name, value, &decoded);
    if (!decoded.empty()) grpc_details_ = decoded.begin()->second;
  } else if (name == "grpc-encoding") {
    reader_.set_encoding(value);
  } else if (name == "grpc-accept-encoding") {
    // We never compress.
  } else if (IsBinaryKey(name)) {
    AddBinary(name, value, &block_);
  } else {
    block_.Add(std::string(name), std::string(value));
  }
}

void Call::OnHeadersEnd(bool end_stream) {
  if (state_ != State::kOpen) return;
  const size_t size = std::exchange(block_size_, 0);
  const size_t max = balancer_->options().connection.max_header_list;
  if (size > max) {
    return EndHere(
        rpc::Status(Code::kResourceExhausted,
                    absl::StrCat("received metadata larger than max (", size, " vs. ", max, ")")));
  }
  if (!head_seen_) return OnHead(end_stream);
  result_.trailers = std::exchange(block_, {});
  EndByPeer(StatusFromTrailers());
}

void Call::OnHead(bool end_stream) {
  if (http_status_ >= 100 && http_status_ < 200) {
    block_ = {};
    return;
  }
  head_seen_ = true;
  resendable_ = false;
  (end_stream ? result_.trailers : initial_metadata_) = std::exchange(block_, {});
  if (auto refusal = RefuseHead()) return EndHere(*std::move(refusal));
  if (end_stream) return EndByPeer(StatusFromTrailers());
  Changed();
}

// A response that is not gRPC's, say a proxy's error page.
std::optional<rpc::Status> Call::RefuseHead() const {
  if (grpc_status_ != kNoStatus) return std::nullopt;
  if (http_status_ != 200) return StatusFromHttpStatus(http_status_);
  if (grpc_content_) return std::nullopt;
  return rpc::Status(Code::kUnknown,
                     "the server's answer is not gRPC: its content-type is not application/grpc");
}

rpc::Status Call::StatusFromTrailers() const {
  if (grpc_status_ == kNoStatus) {
    return rpc::Status(Code::kUnknown, "the server's trailers have no grpc-status");
  }
  if (grpc_status_ == 0 && reader_.partial()) {
    return rpc::Status(Code::kInternal, "the server ended the stream inside a message");
  }
  return rpc::Status::FromCode(grpc_status_, grpc_message_, grpc_details_);
}

void Call::OnData(std::string_view bytes) {
  if (state_ != State::kOpen) return;
  if (dropping_) return connection()->Consume(*this, bytes.size());
  const bool had_message = reader_.complete();
  reader_.Add(bytes);
  AfterReading();
  if (!had_message && reader_.complete()) Changed();
}

// Gives the window back and looks for a message that cannot be accepted.
void Call::AfterReading() {
  const size_t released = reader_.TakeReleased();
  if (connection() != nullptr) connection()->Consume(*this, released);
  if (!reader_.error().ok()) {
    rpc::Status error = reader_.error();
    if (state_ == State::kEnded && result_.status.ok()) result_.status = error;
    EndHere(std::move(error));
  } else if (state_ == State::kEnded && result_.status.ok() && reader_.partial()) {
    result_.status = StatusFromTrailers();
  }
}

void Call::OnDataEnd() {
  EndByPeer(rpc::Status(Code::kInternal, "the server closed the stream without sending trailers"));
}

void Call::OnClosed(const StreamEnd& end) {
  if (state_ != State::kOpen) return;
  if (end.unprocessed && resendable_) {
    Rewind();
    return balancer_->RouteAgain(*this);
  }
  // A server that watches the same deadline may be faster with its reset than our timer.
  const bool late = end.status.code() == Code::kCancelled && DeadlinePassed();
  EndByPeer(late ? DeadlineExceeded() : end.status);
}

std::optional<std::string> Call::TakeMessage() {
  if (!reader_.complete()) return std::nullopt;
  std::string message = reader_.Take();
  AfterReading();
  return message;
}

void Call::StopReading() {
  if (std::exchange(dropping_, true)) return;
  reader_.Clear();
  const size_t released = reader_.TakeReleased();
  if (connection() != nullptr) connection()->Consume(*this, released);
}

// ---- The end ----

// Messages that are here already can still be read.
void Call::EndByPeer(rpc::Status status) {
  if (state_ != State::kEnded) End(std::move(status));
}

void Call::EndHere(rpc::Status status) {
  if (state_ == State::kEnded) return;
  if (connection() != nullptr) connection()->Reset(*this, NGHTTP2_CANCEL);
  balancer_->Forget(*this);
  reader_.Clear();
  End(std::move(status));
}

void Call::End(rpc::Status status) {
  state_ = State::kEnded;
  deadline_timer_.Cancel();
  result_.status = std::move(status);
  out_ = {};
  Changed();
}

rpc::CallResult Call::TakeResult() { return std::move(result_); }

}  // namespace slipway::wire
