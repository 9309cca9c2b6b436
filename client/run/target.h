#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::client {

enum class Protocol { kHttp1, kGrpc };

/// What a run is aimed at, from its URL.
struct Target {
  /// As it was given.
  std::string url;
  Protocol protocol = Protocol::kHttp1;
  bool tls = false;
  std::string host;
  uint16_t port = 0;
  /// HTTP: path and query, at least `/`. gRPC: `/pkg.Service/Method`.
  std::string path;
  /// `host:port` for Host and :authority; the port is left out when it was not given.
  std::string authority;
};

/// Reads `http://host[:port][/path][?query]` or `grpc[s]://host:port/pkg.Service/Method`; a
/// fragment is dropped. INVALID_ARGUMENT says what is wrong with the URL and what is allowed.
absl::StatusOr<Target> ParseTarget(std::string_view url);

}  // namespace slipway::client
