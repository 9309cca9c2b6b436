// slipway-server: the backend, and with --rest the REST gateway in the same process.
#include <iostream>
#include "base/admin.h"
#include "base/shutdown.h"
#include "base/startup.h"
#include "base/status_macros.h"
#include "gateway/embedded.h"
#include "gateway/job_targets.h"
#include "server/backend.h"

using namespace slipway;  // NOLINT: this file is the seam of all rooms

static absl::StatusOr<bool> Read(int argc, char** argv, server::ServerConfig& config,
                                 gateway::Front::Options& rest) {
  base::ConfigParser parser("slipway-server", "Serves the Docking API over gRPC, and REST.");
  config.Declare(parser);
  gateway::DeclareEmbeddedSwitches(parser, &rest);
  SLIPWAY_ASSIGN_OR_RETURN(const bool run, parser.Parse(argc, argv));
  rest.threads = config.threads;
  rest.http.workers = config.workers;
  SLIPWAY_RETURN_IF_ERROR(config.Finish(rest.http.drain_grace, rest.rest.jobs_path));
  SLIPWAY_ASSIGN_OR_RETURN(config.job_targets, gateway::ParseJobTargets(config.jobs.targets));
  return run;
}

static absl::Status Run(const server::ServerConfig& config, const gateway::Front::Options& rest,
                        base::ShutdownSignal& shutdown) {
  SLIPWAY_RETURN_IF_ERROR(base::InitLog(config.log));
  base::Metrics metrics;
  base::AdminServer admin(metrics);
  SLIPWAY_RETURN_IF_ERROR(admin.Start(config.admin));
  SLIPWAY_ASSIGN_OR_RETURN(auto backend, server::Backend::Start(config, metrics));
  const gateway::EmbeddedServices services{backend->services(), backend->dispatcher(),
                                           backend->direct_dispatcher()};
  SLIPWAY_ASSIGN_OR_RETURN(auto front, gateway::StartEmbedded(rest, services, metrics));
  backend->Serve(admin);
  base::PrintListening("gRPC", config.listen, backend->port());
  if (front) base::PrintListening("REST", rest.listen, front->ports());
  base::PrintListening("admin", config.admin, admin.port());
  shutdown.Wait();
  backend->SetNotReady();
  if (front) front->Drain();
  backend->Drain();
  admin.Stop();  // before what its readiness page asks is gone
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  base::ShutdownSignal shutdown;
  server::ServerConfig config;
  gateway::Front::Options rest;
  const auto run = Read(argc, argv, config, rest);
  if (!run.ok()) std::cerr << run.status().message() << "\n";
  if (!run.ok() || !*run) return run.ok() ? 0 : 2;
  const auto served = Run(config, rest, shutdown);
  if (!served.ok()) std::cerr << "slipway-server: " << served.message() << "\n";
  base::ShutdownLog();
  return served.ok() ? 0 : 1;
}
