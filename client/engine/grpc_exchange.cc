#include "client/engine/grpc_exchange.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/metadata.h"
#include "wire/connection.h"
#include "wire/encoding.h"
#include "wire/status_mapping.h"

namespace slipway::client {
namespace {

using Code = absl::StatusCode;

/// -1 when it is not a number.
int ParseNumber(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && parsed == end && number >= 0 ? number : -1;
}

}  // namespace

void GrpcExchange::StartAnswer() {
  http_status_ = 0;
  grpc_status_ = kNoStatus;
  head_seen_ = false;
  grpc_content_ = false;
  grpc_message_.clear();
  counter_.Start();
  if (!spec().keep_response) return;
  response_.headers.clear();
  response_.body.clear();
  reader_.Clear();
  reader_.set_encoding({});
}

// Told apart by their length first: this runs for each field of each answer.
void GrpcExchange::OnHeader(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 7:
      if (name == ":status") http_status_ = ParseNumber(value);
      break;
    case 11:
      if (name == "grpc-status") {
        // What is not a number becomes UNKNOWN, as a number that is not known.
        const int number = ParseNumber(value);
        grpc_status_ = number >= 0 && number <= 16 ? number : static_cast<int>(Code::kUnknown);
      }
      break;
    case 12:
      if (name == "grpc-message") grpc_message_ = value;
      if (name == "content-type") grpc_content_ = value.starts_with("application/grpc");
      break;
    default:
      break;
  }
  if (spec().keep_response) KeepHeader(name, value);
}

void GrpcExchange::KeepHeader(std::string_view name, std::string_view value) {
  if (name == "grpc-encoding") reader_.set_encoding(value);
  if (wire::ReservedKey(name)) return;
  if (!wire::IsBinaryKey(name)) {
    response_.headers.emplace_back(name, value);
    return;
  }
  rpc::Metadata decoded;
  wire::AddBinary(name, value, &decoded);
  for (const auto& entry : decoded) response_.headers.push_back(entry);
}

void GrpcExchange::OnHeadersEnd(bool end_stream) {
  if (state() != State::kOpen) return;
  head_seen_ ? OnTrailers() : OnHead(end_stream);
}

void GrpcExchange::OnHead(bool end_stream) {
  if (http_status_ >= 100 && http_status_ < 200) {
    response_.headers.clear();
    return;
  }
  head_seen_ = true;
  if (grpc_status_ == kNoStatus) {
    // Not gRPC's answer, say a proxy's error page.
    if (http_status_ != 200) return FailWith(wire::StatusFromHttpStatus(http_status_));
    if (!grpc_content_) {
      return FailWith(Code::kUnknown,
                      "the server's answer is not gRPC: its content-type is not application/grpc");
    }
  }
  if (end_stream) OnTrailers();
}

void GrpcExchange::OnTrailers() {
  if (grpc_status_ == kNoStatus) {
    return FailWith(Code::kUnknown, "the server's trailers have no grpc-status");
  }
  if (grpc_status_ != 0) {
    message_ = wire::PercentDecode(grpc_message_);
    return End(OutcomeKind::kGrpcStatus, grpc_status_, false);
  }
  if (counter_.partial()) {
    return FailWith(Code::kInternal, "the server ended the stream inside a message");
  }
  const CallShape shape = request().shape();
  const bool one = shape == CallShape::kUnary || shape == CallShape::kClientStream;
  if (one && counter_.messages() != 1) {
    return FailWith(Code::kInternal, absl::StrCat("the server answered with ", counter_.messages(),
                                                  " messages instead of exactly one"));
  }
  End(OutcomeKind::kGrpcStatus, 0, true);
}

void GrpcExchange::OnData(std::string_view bytes) {
  if (state() != State::kOpen) return;
  connection()->Consume(*this, bytes.size());
  if (spec().keep_response) KeepMessages(bytes);
  if (state() != State::kOpen) return;
  const bool sound = counter_.Feed(bytes, [this] { OnMessage(); });
  bytes_received_ = counter_.bytes();
  if (!sound) FailWith(Code::kInternal, "a message has unknown flags; 0 and 1 are allowed");
}

/// Keeps the last one.
void GrpcExchange::KeepMessages(std::string_view bytes) {
  reader_.Add(bytes);
  while (reader_.complete()) response_.body = reader_.Take();
  if (!reader_.error().ok()) FailWith(reader_.error());
}

void GrpcExchange::OnDataEnd() {
  FailWith(Code::kInternal, "the server closed the stream without sending trailers");
}

void GrpcExchange::OnBroken(const rpc::Status& why) {
  // A server that watches the same deadline may be faster with its reset than our timer.
  if (why.code() == Code::kCancelled && deadline_passed()) return OnExpired();
  FailWith(why);
}

void GrpcExchange::OnExpired() { FailWith(Code::kDeadlineExceeded, "Deadline Exceeded"); }

void GrpcExchange::OnUnreachable(std::string_view why) { FailWith(Code::kUnavailable, why); }

void GrpcExchange::FailWith(Code code, std::string_view message) {
  Fail(OutcomeKind::kGrpcStatus, static_cast<int>(code), message);
}

}  // namespace slipway::client
