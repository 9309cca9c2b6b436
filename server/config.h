#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/config.h"
#include "base/host_port.h"
#include "base/log.h"
#include "jobs/config.h"
#include "jobs/work/call_targets.h"
#include "server/upstream/fact_upstream.h"

namespace slipway::server {

/// How the backend's handlers run.
enum class Threading {
  kAsync,     ///< coroutines on the completion queues
  kBlocking,  ///< one of --workers threads held for each call, for comparison
};

/// What slipway-server is told, REST excepted.
struct ServerConfig {
  base::HostPort listen{"127.0.0.1", 50051};
  base::HostPort admin{"127.0.0.1", 9091};
  int threads;  ///< completion queues; default: one a core
  int workers = 8;
  Threading threading = Threading::kAsync;
  absl::Duration info_delay = absl::Seconds(5);
  absl::Duration docking_delay = absl::ZeroDuration();
  int max_message_bytes = 4 * 1024 * 1024;
  std::string store;  ///< sqlite:PATH; empty: in `data`
  std::string data;   ///< directory; empty: ./slipway-data unless `store` is given
  jobs::JobConfig jobs;
  std::vector<jobs::CallTargets::Target> job_targets;  ///< set by main from `jobs.targets`
  FactConfig facts;
  absl::Duration drain_grace;  ///< set by Finish
  std::string jobs_path;       ///< likewise
  base::LogOptions log;

  ServerConfig();
  /// Declares the switches on `parser`; this object must outlive its Parse.
  void Declare(base::ConfigParser& parser);
  /// What no single switch can tell: --store and --data exclude each other. Fills `store`; the
  /// grace of a stop and the path of jobs are switches of REST's.
  absl::Status Finish(absl::Duration grace, std::string path);
};

}  // namespace slipway::server
