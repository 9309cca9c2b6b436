#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/run/grpc_method.h"
#include "client/run/workload.h"
#include "client/scenario/scenario_file.h"

namespace slipway::client {

/// A gRPC method `path` of origin number `origin`.
using MethodLookup =
    std::function<absl::StatusOr<GrpcMethod>(size_t origin, const std::string& path)>;

/// Users that go through the scenarios of `file`: each request of the driver is one of them from
/// its first to its last step, chosen at random by weight. Needs an engine for each origin, in
/// their order. Errors name scenario and step: those of `lookup`, or INVALID_ARGUMENT for data that
/// does not fit its method.
absl::StatusOr<std::shared_ptr<const Workload>> MakeScenarioWorkload(ScenarioFile file,
                                                                     const MethodLookup& lookup);

}  // namespace slipway::client
