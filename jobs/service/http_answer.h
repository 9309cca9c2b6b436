#pragma once

#include "absl/status/status.h"
#include "jobs/observer.h"
#include "rpc/call_context.h"

namespace slipway::jobs {

/// Over HTTP: 202, to be asked for again.
void SayPending(rpc::CallContext& context);

/// Notes that a submission is refused: `observer`, which may be null, hears of it, and whom waiting
/// helps is told how long. Answers `why`.
absl::Status RefuseSubmission(rpc::CallContext& context, JobObserver* observer, absl::Status why);

}  // namespace slipway::jobs
