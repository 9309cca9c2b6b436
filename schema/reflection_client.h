#pragma once

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "rpc/client_call.h"
#include "rpc/task.h"
#include "schema/loader.h"
#include "schema/schema.h"

namespace slipway::schema {

/// What a backend may send while it describes itself.
struct ReflectionLimits {
  size_t max_message_bytes = 16 * 1024 * 1024;
  size_t max_total_bytes = 64 * 1024 * 1024;
  size_t max_files = 10'000;
};

/// The schema of the backend behind `upstream`, by gRPC server reflection (grpc.reflection.v1, and
/// v1alpha when v1 is UNIMPLEMENTED): lists the services, then fetches their files and all imports.
/// Runs on the upstream's executor; `upstream` outlives the task. Services that the backend lists
/// but cannot describe, and imports that it does not have, become warnings. Fails with the code of
/// the call (UNAVAILABLE, DEADLINE_EXCEEDED, UNIMPLEMENTED when there is no reflection, …), with
/// RESOURCE_EXHAUSTED above a limit, and with INTERNAL when the answer is not what was asked for.
rpc::Task<absl::StatusOr<std::shared_ptr<const Schema>>> FetchSchema(rpc::Upstream& upstream,
                                                                     rpc::Deadline deadline,
                                                                     LoadOptions options = {},
                                                                     ReflectionLimits limits = {});

}  // namespace slipway::schema
