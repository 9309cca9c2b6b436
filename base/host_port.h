#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::base {

/// Where to listen or connect. A value type.
struct HostPort {
  /// A name, an IPv4 or an IPv6 address without brackets; empty: all interfaces.
  std::string host;
  std::uint16_t port = 0;

  bool operator==(const HostPort&) const = default;

  /// `host:port`, with brackets around an IPv6 address.
  std::string ToString() const;
};

/// Reads `HOST:PORT`, `[IPV6]:PORT` or `:PORT`, port 0…65535 in decimal (0: the system chooses). An
/// address is not resolved. INVALID_ARGUMENT names the text and what is allowed.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

}  // namespace slipway::base
