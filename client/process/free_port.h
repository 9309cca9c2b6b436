#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace slipway::client {

/// A TCP port of 127.0.0.1 that nobody listens on at the moment, for a server that is started next.
/// Nothing keeps it free until then: another program may take it, in which case that server says
/// so.
absl::StatusOr<uint16_t> FreePort();

}  // namespace slipway::client
