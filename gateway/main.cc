// slipway-gateway: REST and JSON in front of gRPC backends.
#include <iostream>

#include "base/log.h"
#include "base/shutdown.h"
#include "gateway/config.h"
#include "gateway/program.h"

int main(int argc, char** argv) {
  slipway::base::ShutdownSignal shutdown;
  slipway::gateway::GatewayConfig config;
  const absl::StatusOr<bool> run = slipway::gateway::ReadGatewayConfig(argc, argv, &config);
  if (!run.ok()) {
    std::cerr << run.status().message() << "\n";
    return 2;
  }
  if (!*run) return 0;
  const absl::Status served = slipway::gateway::RunGateway(config, shutdown);
  if (!served.ok()) std::cerr << "slipway-gateway: " << served.message() << "\n";
  slipway::base::ShutdownLog();
  return served.ok() ? 0 : 1;
}
