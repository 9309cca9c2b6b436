#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/api/httpbody.pb.h"
#include "jobs/store/job.h"
#include "rpc/call_context.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// A row as the contract shows it. Text that is not UTF-8 is escaped, so that every job has a JSON
/// form; times are in microseconds.
v1::Job ToProto(const JobRow& row);

/// NOT_FOUND (reason expired), saying since when.
absl::Status ExpiredError(const JobRow& row);

/// What a job's work was answered, as this call's answer: metadata and trailers go to `context`,
/// those of the transport and `x-http-code` excepted. A media type that is not UTF-8 is escaped.
absl::StatusOr<google::api::HttpBody> Replay(JobResult result, rpc::CallContext& context);

}  // namespace slipway::jobs
