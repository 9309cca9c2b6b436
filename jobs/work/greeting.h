#pragma once

#include "jobs/work/handler.h"
#include "rpc/executor.h"

namespace slipway::jobs {

/// The handler of kind `greeting`: payload slipway.v1.Greeting, result
/// `{"result":"Hello NAME...!"}` after `delay`.
JobHandler GreetingHandler(rpc::Duration delay = rpc::Duration::zero());

}  // namespace slipway::jobs
