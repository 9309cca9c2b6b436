#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slipway::client {

/// Headers as they were given: name and value.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Who sends how many messages. HTTP is unary.
enum class CallShape { kUnary, kServerStream, kClientStream, kBidiStream };

/// What one request says, before a protocol has put it into bytes.
struct Request {
  /// HTTP: the method. gRPC: empty.
  std::string method;
  /// HTTP: path and query, at least `/`. gRPC: `/pkg.Service/Method`.
  std::string path;
  /// HTTP: headers, without the ones that the engine adds. gRPC: metadata, bytes of `-bin` names as
  /// they are (not base64).
  HeaderList headers;
  /// HTTP: the body, one or none. gRPC: wire bytes of the messages, in the order of their sending.
  std::vector<std::string> messages;
  CallShape shape = CallShape::kUnary;
  /// kClientStream and kBidiStream: how many are sent, `messages` over and over. A bidirectional
  /// stream sends the next one when the answer to the last has come.
  int64_t message_count = 1;
};

/// An answer as a whole, kept only where somebody looks at it.
struct Response {
  /// HTTP status; gRPC status code.
  int status = 0;
  /// In the order of their arrival, names in lower case; gRPC: metadata, then trailers.
  HeaderList headers;
  /// HTTP: the body. gRPC: wire bytes of the last message.
  std::string body;

  /// The first value of `name` (lower case); nullptr without one.
  const std::string* FindHeader(std::string_view name) const;
};

}  // namespace slipway::client
