#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace slipway::client {

struct Response;

/// What a request ended with.
enum class OutcomeKind : uint8_t {
  kGrpcStatus,  // code: a gRPC status code
  kHttpStatus,  // code: an HTTP status
  kTimeout,     // no answer in time; the request was cancelled
  kConnect,     // code: errno of a connection that was not established
  kBroken,      // code: errno, or 0 for an early end or a malformed answer
  kUnexpected,  // the answer came and is not the one that was asked for
};

/// How one request ended, as an engine tells it. Texts and the response are valid during the report
/// only.
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
  /// Bytes of the answer's body that have come, also if it broke off, without heads, trailers and
  /// what delimits its pieces; of gRPC those of the messages.
  uint64_t bytes_received = 0;
  /// How long it waited within the engine because the peer allows no more streams
  /// (MAX_CONCURRENT_STREAMS). It is part of the latency.
  std::chrono::nanoseconds stream_wait{0};
  /// Of an answer that took two steps (202, then the result): from the start to the first of them.
  /// Negative: there was one step only.
  std::chrono::nanoseconds acknowledged{-1};
  /// The answer as a whole, when the engine was told to keep it; else nullptr.
  const Response* response = nullptr;
};

}  // namespace slipway::client
