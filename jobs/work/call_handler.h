#pragma once

#include <cstddef>
#include <memory>
#include <set>

#include "absl/status/status.h"
#include "jobs/work/call_targets.h"
#include "jobs/work/handler.h"

namespace slipway::jobs {

struct CallHandlerOptions {
  /// Codes of answers that may pass, so that the call is made again: the worker's.
  std::set<absl::StatusCode> retry = {
      absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
      absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded};
  /// Of the answer's message and of the body that is kept; a larger answer fails the job.
  size_t max_response_bytes = 4 << 20;
};

/// The handler of kind `call`: payload slipway.v1.StoredCall, as CallTargets::Check makes it. Calls
/// the method with the job's correlation id and the attempt's deadline; the attempt's cancellation
/// cancels the call. What the target answers is the result, an error with its details too, unless
/// it may pass. Errors instead of a result: one of `retry`; CANCELLED or DEADLINE_EXCEEDED when the
/// attempt ended first; UNAVAILABLE when the target cannot be reached or has not described its
/// services yet; FAILED_PRECONDITION when target or method are no longer known; OUT_OF_RANGE when
/// the answer is too large.
JobHandler CallHandler(std::shared_ptr<const CallTargets> targets, CallHandlerOptions options = {});

}  // namespace slipway::jobs
