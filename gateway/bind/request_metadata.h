#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/exchange.h"
#include "rpc/executor.h"
#include "rpc/metadata.h"

namespace slipway::gateway {

/// What the headers of a request say about the call: its metadata and how long it may take.
struct RequestMetadata {
  rpc::Metadata metadata;
  std::optional<rpc::Duration> timeout;
};

/// The correlation id of a request: its own when it is valid, else a new one. X-Correlation-Id
/// comes before Grpc-Metadata-X-Correlation-Id.
std::string CorrelationId(const RequestHead& head);

/// Headers to metadata, by grpc-gateway's rules:
/// - `Authorization` as it is, and as `grpcgateway-authorization`;
/// - the permanent headers of HTTP (Accept, Cookie, User-Agent, …) as `grpcgateway-…`;
/// - `Grpc-Metadata-X` as `x`, values of keys ending in `-bin` decoded from base64;
/// - `x-forwarded-host` and `x-forwarded-for`, always, the peer's address appended;
/// - `Grpc-Timeout` is the deadline;
/// and by ours: `traceparent`, and `correlation_id` as `x-correlation-id`. Other headers, keys that
/// gRPC does not allow or needs for itself, and values that are not printable ASCII are left out.
/// INVALID_ARGUMENT for base64 that does not decode and a timeout that is none.
absl::Status ReadRequestMetadata(const RequestHead& head, std::string_view correlation_id,
                                 RequestMetadata* out);

}  // namespace slipway::gateway
