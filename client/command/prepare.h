#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/data/last_answer.h"
#include "client/engine/engine_spec.h"
#include "client/run/load_options.h"
#include "client/run/load_shape.h"
#include "client/run/plan.h"
#include "client/run/target.h"

namespace slipway::client {

/// How a server is reached: its address, the protocol, TLS. Blocks while it looks for the address
/// and, where the server chooses the protocol, asks it. INVALID_ARGUMENT for what the command line
/// can mend, else (UNAVAILABLE mostly) the server cannot be reached.
absl::StatusOr<EngineSpec> ResolveEngine(const LoadOptions& options, const Target& target);

/// The load that the switches ask for, with engines of this kind: all numbers decided.
/// INVALID_ARGUMENT names the switch.
absl::StatusOr<LoadShape> DecideLoad(const LoadOptions& options, EngineKind kind);

/// The connections of all engines under `load`: HTTP/1.1 has one for each request in flight, or
/// user, to each server.
uint64_t CountConnections(const LoadShape& load, const std::vector<EngineSpec>& engines);

/// OK when this process may open enough files for them, else FAILED_PRECONDITION.
absl::Status CheckFileLimit(const LoadShape& load, const std::vector<EngineSpec>& engines);

/// The target whose --start starts the server of target `index`: that one itself, or the one that
/// `=N` names. INVALID_ARGUMENT when there is no such.
absl::StatusOr<size_t> StarterOf(const LoadOptions& options, size_t index);

/// The process that --pid names for target `index`; nothing without one. INVALID_ARGUMENT when
/// there is no such process.
absl::StatusOr<std::optional<pid_t>> ServerPid(const LoadOptions& options, size_t index);

/// Makes the target number `index` of `options` ready. Blocks while it looks for the address and
/// the schema. Errors as above. `answer` gets what requests are answered, and outlives the plan;
/// nullptr: nobody wants to see it.
absl::StatusOr<Plan> PreparePlan(const LoadOptions& options, size_t index,
                                 LastAnswer* answer = nullptr);

/// The plan under another concurrency. Errors of DecideLoad and CheckFileLimit.
absl::StatusOr<Plan> WithConcurrency(const Plan& plan, const LoadOptions& options,
                                     uint32_t concurrency);

/// How the report names an engine's protocol: `grpc`, `http/1.1`, `http/2`.
std::string ProtocolName(EngineKind kind);

}  // namespace slipway::client
