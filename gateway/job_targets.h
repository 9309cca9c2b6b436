#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "jobs/work/call_targets.h"

namespace slipway::gateway {

/// The values of the switch --job-target as targets of `call` jobs, each
/// `NAME=[grpc://|grpcs://]HOST:PORT[,HOST:PORT…][?authorization=required]`, NAME 1 to 64 of
/// `A-Z a-z 0-9 . _ -` and unique. A target is reached over HTTP/2 and describes itself by server
/// reflection; nothing is connected here. With `authorization=required` jobs may not call it: it
/// wants the caller's authorization, which jobs do not keep. INVALID_ARGUMENT has a line for each
/// bad value, which names the switch, the value and what is allowed.
absl::StatusOr<std::vector<jobs::CallTargets::Target>> ParseJobTargets(
    const std::vector<std::string>& specs);

}  // namespace slipway::gateway
