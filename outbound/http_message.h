#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "outbound/allow_list.h"

namespace slipway::outbound {

/// Names and values in order; a name may come more than once.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What to send. Value types, both.
struct HttpRequest {
  /// GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in capitals.
  std::string method = "GET";
  /// Absolute, http or https; see Url::Parse.
  std::string url;
  /// Framing (content-length, transfer-encoding, connection, upgrade, expect) is not the caller's.
  /// Without a `user-agent` the client's is sent.
  HttpHeaders headers;
  std::string body;
  /// From Send to the end of the answer, waiting for a connection included.
  absl::Duration timeout = absl::Seconds(15);
  /// Of the answer's body.
  size_t max_response_bytes = 64 * 1024;
  /// Whether a kept connection may be used. One that its server has just closed costs a second
  /// attempt, so a server that takes a request and closes without an answer may see it twice.
  bool reuse_connection = true;
  /// Which targets are allowed; null: any.
  std::shared_ptr<const AllowList> allow;
};

/// What was answered, whatever the status.
struct HttpResponse {
  int status = 0;
  /// Those of the final answer, names in lower case; trailers are dropped.
  HttpHeaders headers;
  /// As it came, decoded from its transfer coding only.
  std::string body;

  /// The first value of `name`, which is lower case; valid until the headers change.
  std::optional<std::string_view> Find(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return std::nullopt;
  }
};

/// INVALID_ARGUMENT names the method or header that cannot be sent.
absl::Status CheckSendable(const HttpRequest& request);

}  // namespace slipway::outbound
