#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "google/api/httpbody.pb.h"
#include "jobs/store/store.h"
#include "rpc/call_context.h"
#include "rpc/dispatcher.h"
#include "rpc/task.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// The handlers of slipway.v1.Jobs. They run on the executor of their call, on any thread; `store`
/// outlives them. Answers over HTTP are steered by initial metadata: `x-http-code`,
/// `location`, `retry-after`.
class JobService {
 public:
  struct Options {
    /// Under which path jobs are found over HTTP, for `location`.
    std::string jobs_path = "/v1/jobs";
    const base::WallClock* clock = &base::WallClock::System();
  };

  JobService(Store& store, Options options);

  /// INVALID_ARGUMENT when no kind is set.
  rpc::Task<absl::StatusOr<v1::Job>> SubmitJob(rpc::CallContext& context,
                                               v1::SubmitJobRequest request);
  /// INVALID_ARGUMENT for a page size outside 0…1000 or a page token that is not ours.
  rpc::Task<absl::StatusOr<v1::ListJobsResponse>> ListJobs(rpc::CallContext& context,
                                                           v1::ListJobsRequest request);
  /// NOT_FOUND for an unknown id.
  rpc::Task<absl::StatusOr<v1::Job>> GetJob(rpc::CallContext& context, v1::GetJobRequest request);
  /// NOT_FOUND for an unknown id; the job's own error when it failed.
  rpc::Task<absl::StatusOr<google::api::HttpBody>> GetJobResult(rpc::CallContext& context,
                                                                v1::GetJobResultRequest request);

 private:
  Store& store_;
  const Options options_;
};

/// For a Dispatcher.
std::vector<rpc::Method> JobMethods(std::shared_ptr<JobService> service);

}  // namespace slipway::jobs
