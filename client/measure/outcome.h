#pragma once

#include <cstdint>
#include <string_view>

namespace slipway::client {

/// What a request ended with.
enum class OutcomeKind : uint8_t {
  kGrpcStatus,  // code: a gRPC status code
  kHttpStatus,  // code: an HTTP status
  kTimeout,     // no answer in time; the request was cancelled
  kConnect,     // code: errno of a connection that was not established
  kBroken,      // code: errno, or 0 for an early end or a malformed answer
};

/// How one request ended, as an engine tells it. Texts are valid during the report only.
struct Outcome {
  OutcomeKind kind = OutcomeKind::kBroken;
  int code = 0;
  /// True for gRPC OK and for HTTP below 400, else false.
  bool ok = false;
  /// There is no connection: trying again at once would only burn CPU.
  bool unreachable = false;
  /// What a failure said for itself: a status message, the beginning of a body, the errno's text
  /// with the address.
  std::string_view message;
  /// gRPC: bytes of the message. HTTP: all bytes of the answer.
  uint64_t bytes_received = 0;
};

}  // namespace slipway::client
