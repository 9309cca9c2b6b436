#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "jobs/store/job.h"
#include "rpc/call_context.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Does the jobs of one kind. Runs on the worker's thread and must not block it. The context
/// outlives the task; its deadline is the end of the attempt, its cancellation means that the
/// process is stopping: a handler that then answers CANCELLED has its job given back. Any other
/// error fails the job. A job may be run more than once, so effects must bear that.
using JobHandler =
    std::function<rpc::Task<absl::StatusOr<JobResult>>(rpc::CallContext&, std::string payload)>;

/// Handlers by kind.
using JobHandlers = std::map<std::string, JobHandler>;

}  // namespace slipway::jobs
