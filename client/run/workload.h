#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/engine/engine.h"
#include "client/run/issuer.h"
#include "rpc/executor.h"

namespace slipway::client {

/// What one thread has for its issuer. All of it outlives the issuer.
struct IssuerContext {
  rpc::Executor& executor;
  /// In the order of the plan's engine specs; connected.
  std::vector<Engine*> engines;
  uint32_t slots = 1;
  /// This thread's number, from 0.
  int thread = 0;
  /// Of the run: random values are made from it and the thread's number.
  uint64_t seed = 0;
};

/// What a run sends, whatever decides when. Shared by its threads and by all runs of a target;
/// immutable but for the numbers of the requests, which go on from run to run.
class Workload {
 public:
  virtual ~Workload() = default;
  /// For one thread, on that thread. INVALID_ARGUMENT when an engine cannot send it.
  virtual absl::StatusOr<std::unique_ptr<Issuer>> MakeIssuer(
      const IssuerContext& context) const = 0;
  /// Somebody looks at responses: the engines must keep them.
  virtual bool reads_responses() const { return false; }
  /// Names of the steps; empty: there are none.
  virtual std::vector<std::string> steps() const { return {}; }
  /// Bytes of the first request's messages.
  virtual int64_t request_bytes() const = 0;
};

/// The same request each time: encoded once for each thread.
std::shared_ptr<const Workload> MakeFixedWorkload(Request request);

}  // namespace slipway::client
