#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/host_port.h"

namespace slipway::wire {

/// Where a channel leads. A value type.
struct Target {
  bool tls = false;
  /// At least one.
  std::vector<base::HostPort> hosts;
};

/// Reads `[grpc://|grpcs://]HOST:PORT[,HOST:PORT…]`. INVALID_ARGUMENT names the text and what is
/// allowed.
absl::StatusOr<Target> ParseTarget(std::string_view text);

}  // namespace slipway::wire
