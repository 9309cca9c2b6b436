#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::client {

enum class Scheme {
  kHttp,  // http://, https://
  kH2c,   // h2c://: HTTP/2 in plain text, without asking first (RFC 9113, 3.3)
  kGrpc,  // grpc://, grpcs://
};

/// What a run is aimed at, from its URL.
struct Target {
  /// As it was given.
  std::string url;
  Scheme scheme = Scheme::kHttp;
  bool tls = false;
  std::string host;
  uint16_t port = 0;
  /// HTTP: path and query, at least `/`. gRPC: `/pkg.Service/Method`.
  std::string path;
  /// `host:port` for Host and :authority; the port is left out when it was not given.
  std::string authority;
};

/// Reads `http[s]://host[:port][/path][?query]`, `h2c://…` or
/// `grpc[s]://host:port/pkg.Service/Method`; a fragment is dropped. INVALID_ARGUMENT says what is
/// wrong with the URL and what is allowed.
absl::StatusOr<Target> ParseTarget(std::string_view url);
/// The same of a server alone: no path is needed, and one that is given is dropped.
absl::StatusOr<Target> ParseOrigin(std::string_view url);

}  // namespace slipway::client
