#pragma once

#include <cstdint>

#include "rpc/status.h"

namespace slipway::wire {

/// What an RST_STREAM with this HTTP/2 error code means for a call (gRPC over HTTP/2, "Errors").
rpc::Status StatusFromHttp2Error(uint32_t code);

/// What a response with this HTTP status and without `grpc-status` means (gRPC,
/// http-grpc-status-mapping).
rpc::Status StatusFromHttpStatus(int http_status);

}  // namespace slipway::wire
