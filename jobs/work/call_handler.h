#pragma once

#include <cstddef>
#include <memory>
#include <set>

#include "absl/status/status.h"
#include "jobs/work/call_targets.h"
#include "jobs/work/handler.h"
#include "jobs/work/result_size.h"

namespace slipway::jobs {

/// The handler of kind `call`: payload slipway.v1.StoredCall, as CallTargets::Check makes it. Calls
/// the method with the job's correlation id and the attempt's deadline; the attempt's cancellation
/// cancels the call. What the target answers is the result, an error with its details too, unless
/// its code is in `retry`, the worker's codes of errors that may pass. Errors instead of a result:
/// one of `retry`; CANCELLED or DEADLINE_EXCEEDED when the attempt ended first; UNAVAILABLE when
/// the target cannot be reached or has not described its services yet; FAILED_PRECONDITION when
/// target or method are no longer known; OUT_OF_RANGE (response_too_large) when the answer's
/// message, or the body that would be kept, has more than `max_response_bytes`, or the message more
/// than the way to the target takes.
JobHandler CallHandler(std::shared_ptr<const CallTargets> targets, std::set<absl::StatusCode> retry,
                       size_t max_response_bytes = kMaxResultBytes);

}  // namespace slipway::jobs
