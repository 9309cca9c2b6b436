#pragma once

#include "absl/status/status.h"

namespace slipway::gateway {

/// The HTTP status of a gRPC code, by grpc-gateway's table; 500 for what is none.
int HttpStatus(absl::StatusCode code);

/// The HTTP status of an error of ours: some reasons (base/reason.h) have one that is more exact
/// than their code's, such as 413 for a body over the limit.
int HttpStatus(const absl::Status& status);

}  // namespace slipway::gateway
