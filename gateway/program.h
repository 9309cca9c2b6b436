#pragma once

#include "absl/status/status.h"
#include "base/shutdown.h"
#include "gateway/config.h"

namespace slipway::gateway {

/// slipway-gateway from its configuration to its end: listens, learns the backend's schema, serves
/// until `shutdown`, drains. An error when it cannot start.
absl::Status RunGateway(const GatewayConfig& config, base::ShutdownSignal& shutdown);

}  // namespace slipway::gateway
