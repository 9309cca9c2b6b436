#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/engine/request.h"

namespace slipway::client {

/// What an HTTP/1.1 load sends, prepared once.
struct Http1Request {
  /// All bytes, head and body.
  std::string bytes;
  bool is_head = false;
};

/// The request as it goes over the wire. Host, User-Agent, Accept and, with a body, Content-Type
/// (application/json) are added unless `headers` has them, Content-Length always where one belongs.
/// INVALID_ARGUMENT names a method, path or header that cannot be sent.
absl::StatusOr<Http1Request> BuildHttp1Request(const std::string& method,
                                               const std::string& authority,
                                               const std::string& path, const HeaderList& headers,
                                               const std::string& body);

}  // namespace slipway::client
