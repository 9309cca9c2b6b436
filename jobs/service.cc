#include "jobs/service.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"
#include "rpc/handlers.h"

namespace slipway::jobs {
namespace {

constexpr int kDefaultPageSize = 100;
constexpr int kMaxPageSize = 1000;
// Seconds after which to ask again.
constexpr char kRetryAfter[] = "1";

absl::Status BadField(std::string message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                         std::move(message));
}

void SayPending(rpc::CallContext& context) {
  context.AddInitialMetadata("x-http-code", "202");
  context.AddInitialMetadata("retry-after", kRetryAfter);
}

void SetTime(const std::optional<absl::Time>& time, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(*time);
  const int64_t seconds = absl::ToUnixSeconds(*time);  // rounds down, so nanos are not negative
  out->set_seconds(seconds);
  out->set_nanos(static_cast<int32_t>((micros - seconds * 1'000'000) * 1000));
}

/// With the details as they travelled, if they are readable.
void SetError(const rpc::Status& error, google::rpc::Status* out) {
  if (!out->ParseFromString(error.details())) out->Clear();
  out->set_code(static_cast<int32_t>(error.code()));
  out->set_message(error.message());
}

v1::Job ToProto(const JobRow& row) {
  v1::Job job;
  job.set_id(row.id);
  job.set_kind(row.kind);
  job.set_state(static_cast<v1::Job::State>(row.state));
  job.set_attempt(row.attempt);
  job.set_correlation_id(row.correlation_id);
  SetTime(row.create_time, job.mutable_create_time());
  if (row.start_time) SetTime(row.start_time, job.mutable_start_time());
  if (row.end_time) SetTime(row.end_time, job.mutable_end_time());
  if (row.state == JobState::kFailed) SetError(row.error, job.mutable_error());
  return job;
}

/// The kind is the name of the oneof's field that is set, the payload its message; so a kind more
/// in the contract needs nothing here.
absl::StatusOr<NewJob> ToNewJob(const v1::SubmitJobRequest& request) {
  const google::protobuf::OneofDescriptor* kinds =
      v1::SubmitJobRequest::descriptor()->FindOneofByName("kind");
  const google::protobuf::FieldDescriptor* kind =
      request.GetReflection()->GetOneofFieldDescriptor(request, kinds);
  if (kind == nullptr) {
    std::string allowed;
    for (int i = 0; i < kinds->field_count(); ++i) {
      absl::StrAppend(&allowed, i == 0 ? "" : ", ", kinds->field(i)->json_name());
    }
    return BadField(absl::StrCat("kind: none is set; one of these must be: ", allowed));
  }
  NewJob job;
  job.kind = kind->name();
  job.payload = request.GetReflection()->GetMessage(request, kind).SerializeAsString();
  return job;
}

}  // namespace

JobService::JobService(Store& store, Options options)
    : store_(store), options_(std::move(options)) {}

rpc::Task<absl::StatusOr<v1::Job>> JobService::SubmitJob(rpc::CallContext& context,
                                                         v1::SubmitJobRequest request) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(NewJob job, ToNewJob(request));
  job.correlation_id = context.correlation_id();
  job.create_time = options_.clock->Now();
  auto submit = store_.Submit(context.executor(), std::move(job));
  const absl::StatusOr<JobRow> row = co_await std::move(submit);
  if (!row.ok()) co_return row.status();
  SayPending(context);
  context.AddInitialMetadata("location", absl::StrCat(options_.jobs_path, "/", row->id));
  co_return ToProto(*row);
}

rpc::Task<absl::StatusOr<v1::ListJobsResponse>> JobService::ListJobs(rpc::CallContext& context,
                                                                     v1::ListJobsRequest request) {
  if (request.page_size() < 0 || request.page_size() > kMaxPageSize) {
    co_return BadField(absl::StrCat("pageSize: ", request.page_size(), " is not in 0 to ",
                                    kMaxPageSize, " (0 means ", kDefaultPageSize, ")"));
  }
  const int page_size = request.page_size() == 0 ? kDefaultPageSize : request.page_size();
  auto list = store_.List(context.executor(), page_size, request.page_token());
  const absl::StatusOr<JobPage> page = co_await std::move(list);
  if (!page.ok()) co_return page.status();
  v1::ListJobsResponse response;
  for (const JobRow& row : page->jobs) *response.add_jobs() = ToProto(row);
  response.set_next_page_token(page->next_page_token);
  co_return response;
}

rpc::Task<absl::StatusOr<v1::Job>> JobService::GetJob(rpc::CallContext& context,
                                                      v1::GetJobRequest request) {
  if (!ValidJobId(request.id())) co_return JobNotFound(request.id());
  auto get = store_.Get(context.executor(), request.id());
  const absl::StatusOr<JobRow> row = co_await std::move(get);
  if (!row.ok()) co_return row.status();
  if (!Ended(row->state)) {
    SayPending(context);
  } else if (row->state == JobState::kSucceeded) {
    context.AddInitialMetadata("x-http-code", "302");
    context.AddInitialMetadata("location",
                               absl::StrCat(options_.jobs_path, "/", row->id, "/result"));
  }
  co_return ToProto(*row);
}

rpc::Task<absl::StatusOr<google::api::HttpBody>> JobService::GetJobResult(
    rpc::CallContext& context, v1::GetJobResultRequest request) {
  if (!ValidJobId(request.id())) co_return JobNotFound(request.id());
  auto get = store_.GetOutcome(context.executor(), request.id());
  absl::StatusOr<JobOutcome> outcome = co_await std::move(get);
  if (!outcome.ok()) co_return outcome.status();
  if (outcome->row.state == JobState::kFailed) co_return outcome->row.error.ToAbsl();
  google::api::HttpBody body;
  if (outcome->row.state == JobState::kSucceeded) {
    body.set_content_type(std::move(outcome->result.content_type));
    body.set_data(std::move(outcome->result.body));
  } else {
    SayPending(context);
    body.set_content_type("application/json");
    body.set_data("{}");
  }
  co_return body;
}

std::vector<rpc::Method> JobMethods(std::shared_ptr<JobService> service) {
  return {
      rpc::Unary("/slipway.v1.Jobs/SubmitJob", service, &JobService::SubmitJob),
      rpc::Unary("/slipway.v1.Jobs/ListJobs", service, &JobService::ListJobs),
      rpc::Unary("/slipway.v1.Jobs/GetJob", service, &JobService::GetJob),
      rpc::Unary("/slipway.v1.Jobs/GetJobResult", service, &JobService::GetJobResult),
  };
}

}  // namespace slipway::jobs
