#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace slipway::jobs {

/// Whether metadata of this key belongs to the call that brought an answer and not to the answer:
/// such is neither kept with a result nor sent with it.
inline bool BelongsToTransport(std::string_view key) {
  static constexpr std::array<std::string_view, 11> kKeys = {
      "content-type", "content-length",   "content-encoding", "transfer-encoding",
      "te",           "connection",       "accept-encoding",  "trailer",
      "x-http-code",  "x-correlation-id", "user-agent"};
  return key.empty() || key.front() == ':' || key.starts_with("grpc-") ||
         std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

}  // namespace slipway::jobs
