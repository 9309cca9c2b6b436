#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/version.h"

namespace slipway::outbound {

/// How an HttpClient behaves towards everybody.
struct ClientOptions {
  /// Connections, and requests under way, at a time. Kept ones count, but make room.
  size_t max_connections = 1024;
  size_t max_connections_per_host = 256;
  /// Requests that wait for a connection; more are refused.
  size_t max_waiting = 10'000;
  /// Resolving the name, connecting and the TLS handshake, at least 1 ms.
  absl::Duration connect_timeout = absl::Seconds(5);
  /// How long a connection that nobody uses is kept, in whole seconds, at least 1.
  absl::Duration idle_timeout = absl::Seconds(60);
  /// Of an answer, interim answers and trailers included.
  size_t max_response_head_bytes = 64 * 1024;
  /// False: anybody may pretend to be the server.
  bool verify_tls = true;
  /// PEM file with the certificate authorities to trust; empty: the system's.
  std::string ca_file;
  /// HTTP/2 where a TLS server offers it.
  bool http2 = true;
  std::string user_agent = absl::StrCat("slipway/", std::string(base::kVersion));
  /// Names with fixed addresses, as in /etc/hosts: `HOST:PORT:ADDRESS[,ADDRESS]…`.
  std::vector<std::string> hosts;
};

}  // namespace slipway::outbound
