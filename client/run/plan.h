#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/engine/address.h"
#include "client/engine/engine.h"
#include "client/engine/grpc_engine.h"
#include "client/engine/http1_request.h"
#include "client/run/load_options.h"
#include "client/run/target.h"
#include "rpc/io_executor.h"
#include "wire/channel.h"

namespace slipway::client {

/// One thread's part of a run.
struct Share {
  uint32_t slots = 1;
  uint32_t connections = 1;
};

/// One target made ready to be loaded: resolved, its request encoded, all numbers decided.
/// Immutable and shared by the threads of its runs.
struct Plan {
  Target target;
  Endpoint endpoint;
  std::optional<pid_t> server_pid;
  int threads = 1;
  uint32_t concurrency = 1;
  uint32_t connections = 1;
  /// 0: no limit. One of requests and duration is above 0.
  int64_t requests = 0;
  std::chrono::nanoseconds duration{0};
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds timeout{0};
  /// HTTP: the method of the request.
  std::string http_method;
  /// The one that fits the protocol.
  std::shared_ptr<const Http1Request> http_request;
  std::shared_ptr<const GrpcRequest> grpc_request;
  wire::ChannelOptions channel;

  /// The part of thread `index`; parts differ by one at most.
  Share ShareOf(int index) const;
  /// For one thread, on that thread.
  std::unique_ptr<Engine> MakeEngine(rpc::IoExecutor& executor, const Share& share) const;
};

/// Makes the target number `index` of `options` ready. Blocks while it looks for the address and
/// the schema. INVALID_ARGUMENT for what the command line can mend, FAILED_PRECONDITION when the
/// process may not have enough open files, else (UNAVAILABLE mostly) the target cannot be reached.
absl::StatusOr<Plan> PreparePlan(const LoadOptions& options, size_t index);

}  // namespace slipway::client
