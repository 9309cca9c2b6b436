#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// What to ask the store for, everybody's jobs. INVALID_ARGUMENT names the field, its value and
/// what is allowed; the page token is for the store to judge.
absl::StatusOr<JobQuery> ToQuery(const v1::ListJobsRequest& request, absl::Time now);

v1::ListJobsResponse ToResponse(const JobPage& page);

}  // namespace slipway::jobs
