#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "google/api/httpbody.pb.h"
#include "google/protobuf/empty.pb.h"
#include "jobs/observer.h"
#include "jobs/service/submit.h"
#include "jobs/service/watch.h"
#include "jobs/store/store.h"
#include "rpc/call_context.h"
#include "rpc/dispatcher.h"
#include "rpc/task.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// The handlers of slipway.v1.Jobs: what a caller may see and do, in front of the store. They run
/// on the executor of their call, on any thread. Answers over HTTP are steered by initial metadata:
/// `x-http-code`, `location`, `retry-after`.
///
/// Made by the engine, shared with the Dispatcher, which may outlive the store: Stop comes before
/// the store goes, and no call after that.
class JobService {
 public:
  struct Options {
    /// Under which path jobs are found over HTTP, for `location`.
    std::string jobs_path = "/v1/jobs";
    const base::WallClock* clock = &base::WallClock::System();
    /// Whether callers without an authorization may list everybody's jobs.
    bool list_public = false;
    /// Null: jobs of kind `call` are refused.
    CallCheck check_call;
    absl::Duration longest_result_lifetime = absl::Hours(24 * 30);
    /// Hears of submissions that were refused; outlives the service's calls; may be null.
    JobObserver* observer = nullptr;
  };

  JobService(Store& store, Options options);

  /// INVALID_ARGUMENT naming the field that is wrong; ALREADY_EXISTS for an idempotency key of
  /// another request; RESOURCE_EXHAUSTED, with `retry-after`, when too many jobs wait or the disk
  /// is full.
  rpc::Task<absl::StatusOr<v1::Job>> SubmitJob(rpc::CallContext& context,
                                               v1::SubmitJobRequest request);
  /// INVALID_ARGUMENT for a page size outside 0…1000, an unknown state or kind, or a page token
  /// that is not ours.
  rpc::Task<absl::StatusOr<v1::ListJobsResponse>> ListJobs(rpc::CallContext& context,
                                                           v1::ListJobsRequest request);
  /// NOT_FOUND, for this and all below: an unknown id, or another caller's job, which look alike.
  /// DeleteJob excepted, also for a job whose result has expired, with reason expired; over HTTP
  /// GetJob and GetJobResult answer 410 then.
  rpc::Task<absl::StatusOr<v1::Job>> GetJob(rpc::CallContext& context, v1::GetJobRequest request);
  /// Or what the job was answered, metadata included; the job's own error when it failed or was
  /// cancelled.
  rpc::Task<absl::StatusOr<google::api::HttpBody>> GetJobResult(rpc::CallContext& context,
                                                                v1::GetJobResultRequest request);
  rpc::Task<absl::StatusOr<v1::Job>> CancelJob(rpc::CallContext& context,
                                               v1::CancelJobRequest request);
  /// FAILED_PRECONDITION for a job that has not ended.
  rpc::Task<absl::StatusOr<google::protobuf::Empty>> DeleteJob(rpc::CallContext& context,
                                                               v1::DeleteJobRequest request);
  /// The job at once and after each change; OK after its end was sent. UNAVAILABLE once Stop was
  /// called.
  rpc::Task<rpc::Status> WatchJob(rpc::CallContext& context, rpc::ServerStream& stream);

  /// Ends all watching, so that it does not hold a drain up, and lets go of the store's events. Any
  /// thread; idempotent.
  void Stop() { watch_.Stop(); }

 private:
  /// The job if the caller may know of it.
  rpc::Task<absl::StatusOr<JobRow>> Find(rpc::CallContext& context, std::string id);
  v1::Job Acknowledge(rpc::CallContext& context, const JobRow& row) const;
  bool Expired(const JobRow& row) const;
  rpc::Task<rpc::Status> Watch(rpc::CallContext& context, rpc::ServerStream& stream,
                               std::string id);

  Store& store_;
  const Options options_;
  JobWatch watch_;
};

/// All methods of slipway.v1.Jobs, for a Dispatcher.
std::vector<rpc::Method> JobMethods(std::shared_ptr<JobService> service);

}  // namespace slipway::jobs
