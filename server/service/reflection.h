#pragma once

#include <string>
#include <vector>

#include "rpc/dispatcher.h"

namespace slipway::server {

/// gRPC server reflection, v1 and v1alpha, over the descriptors linked into this program.
/// `services` are the full names that are listed; every linked symbol and file can be asked for.
std::vector<rpc::Method> ReflectionMethods(std::vector<std::string> services);

}  // namespace slipway::server
