#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "rpc/executor.h"

namespace slipway::gateway {

/// Reads a Grpc-Timeout header: an integer and one of `H M S m u n` (hours to nanoseconds; `10m` is
/// ten milliseconds). As in grpc-gateway a sign and any number of digits are allowed; what is
/// negative has expired already, what is too long for the clock is saturated. INVALID_ARGUMENT
/// names the value.
absl::StatusOr<rpc::Duration> ParseGrpcTimeout(std::string_view text);

}  // namespace slipway::gateway
