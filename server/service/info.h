#pragma once

#include <memory>
#include <vector>

#include "rpc/dispatcher.h"
#include "rpc/executor.h"

namespace slipway::server {

/// The methods of docking.v1.Info. GetInfo answers after `delay`, or with the call's end if that
/// comes first; GetIndex at once.
std::vector<rpc::Method> InfoMethods(rpc::Duration delay);

}  // namespace slipway::server
