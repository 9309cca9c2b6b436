#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace slipway::base {

/// Why we refused or failed a request: finer than a status code, coarser than a message. A closed
/// list, so that it can label metrics and access lines. Append, never rename: dashboards and log
/// queries know the texts.
#define SLIPWAY_REASONS(X)                           \
  X(kNone, "none")                                   \
  X(kBodyTooLarge, "body_too_large")                 \
  X(kHeadTooLarge, "head_too_large")                 \
  X(kTargetTooLong, "target_too_long")               \
  X(kHeadTimeout, "head_timeout")                    \
  X(kBodyTimeout, "body_timeout")                    \
  X(kBadFraming, "bad_framing")                      \
  X(kBadRequestLine, "bad_request_line")             \
  X(kBadHost, "bad_host")                            \
  X(kBadHeader, "bad_header")                        \
  X(kUnsupportedMethod, "unsupported_method")        \
  X(kUnsupportedVersion, "unsupported_version")      \
  X(kExpectationFailed, "expectation_failed")        \
  X(kTooManyConnections, "too_many_connections")     \
  X(kNoRoute, "no_route")                            \
  X(kMethodMismatch, "method_mismatch")              \
  X(kBadPath, "bad_path")                            \
  X(kBadQuery, "bad_query")                          \
  X(kBadBody, "bad_body")                            \
  X(kBadField, "bad_field")                          \
  X(kBadHeaderValue, "bad_header_value")             \
  X(kBackendUnavailable, "backend_unavailable")      \
  X(kBackendTimeout, "backend_timeout")              \
  X(kBackendProtocol, "backend_protocol")            \
  X(kQueueFull, "queue_full")                        \
  X(kResponseTooLarge, "response_too_large")         \
  X(kShuttingDown, "shutting_down")                  \
  X(kStoreFailed, "store_failed")                    \
  X(kStoreFull, "store_full")                        \
  X(kNotFound, "not_found")                          \
  X(kPeerGone, "peer_gone")                          \
  X(kIdleTimeout, "idle_timeout")                    \
  X(kWriteTimeout, "write_timeout")                  \
  X(kUnsupportedMediaType, "unsupported_media_type") \
  X(kUnsupportedEncoding, "unsupported_encoding")    \
  X(kRateLimited, "rate_limited")                    \
  X(kConflict, "conflict")                           \
  X(kForbiddenTarget, "forbidden_target")            \
  X(kBadSchema, "bad_schema")                        \
  X(kExpired, "expired")                             \
  X(kCancelled, "cancelled")                         \
  X(kInternal, "internal")

enum class Reason {
#define SLIPWAY_REASON_ENUM(name, text) name,
  SLIPWAY_REASONS(SLIPWAY_REASON_ENUM)
#undef SLIPWAY_REASON_ENUM
};

/// The stable text for metrics and logs, such as "body_too_large". Static storage.
std::string_view ReasonName(Reason reason);

/// An error that carries `reason` as a payload; the payload stays within the process. `code` must
/// not be OK (an OK status cannot carry one).
absl::Status MakeError(absl::StatusCode code, Reason reason, std::string message);

/// The reason MakeError put there; kNone if there is none.
Reason ReasonOf(const absl::Status& status);

}  // namespace slipway::base
