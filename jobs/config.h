#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/config.h"
#include "jobs/store/store.h"
#include "jobs/work/options.h"

namespace slipway::jobs {

/// The switches about jobs, for every program that runs them. What they hold is checked while they
/// are read; JobEngine::Options takes it from here.
struct JobConfig {
  /// `KIND=N`, or `N` for the kinds that are not named.
  std::vector<std::string> concurrency;
  /// `NAME=[grpc://|grpcs://]HOST:PORT[,HOST:PORT...][?authorization=required]`; main makes them
  /// targets.
  std::vector<std::string> targets;
  /// `pkg.Service/Method`
  std::vector<std::string> allow;
  int64_t queue_limit = Store::Limits().max_waiting;
  absl::Duration attempt_timeout = WorkerOptions().attempt_timeout;
  absl::Duration lease = WorkerOptions().lease;
  absl::Duration backoff = WorkerOptions().backoff.first;
  /// Names such as `UNAVAILABLE`.
  std::vector<std::string> retry_codes = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED",
                                          "DEADLINE_EXCEEDED"};
  bool list_public = false;
  /// HOST, address or network.
  std::vector<std::string> callback_allow = {"localhost", "127.0.0.0/8", "::1"};
  absl::Duration callback_timeout = absl::Seconds(15);

  /// Declares the switches on `parser`; this object must outlive its Parse.
  void Declare(base::ConfigParser& parser);
  /// What Parse does not check; the error has a line for each bad value, which names the switch.
  absl::Status Check() const;

  /// `concurrency` as a map; the key of the number for all other kinds is empty.
  std::map<std::string, int> ConcurrencyByKind() const;
  std::set<absl::StatusCode> RetryCodes() const;
};

}  // namespace slipway::jobs
