#include "jobs/service/job_service.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "jobs/service/http_answer.h"
#include "jobs/service/list.h"
#include "jobs/service/owner.h"
#include "jobs/service/render.h"
#include "jobs/store/errors.h"
#include "jobs/store/id.h"
#include "rpc/handlers.h"

namespace slipway::jobs {
namespace {

// Heartbeats are no events: how far a running job is, is looked up this often.
constexpr rpc::Duration kProgressInterval = std::chrono::seconds(5);

/// `error` as GetJob and GetJobResult answer it.
absl::Status Gone(rpc::CallContext& context, absl::Status error) {
  context.AddInitialMetadata("x-http-code", "410");
  return error;
}

rpc::Status CallerGone(const rpc::CallContext& context) {
  const rpc::Status alive = context.Alive();
  return alive.ok() ? rpc::Status(absl::StatusCode::kCancelled, "the caller is gone") : alive;
}

}  // namespace

JobService::JobService(Store& store, Options options)
    : store_(store), options_(std::move(options)), watch_(store) {}

v1::Job JobService::Acknowledge(rpc::CallContext& context, const JobRow& row) const {
  SayPending(context);
  context.AddInitialMetadata("location", absl::StrCat(options_.jobs_path, "/", row.id));
  return ToProto(row);
}

rpc::Task<absl::StatusOr<v1::Job>> JobService::SubmitJob(rpc::CallContext& context,
                                                         v1::SubmitJobRequest request) {
  absl::StatusOr<SubmitKey> key = KeyOf(request);
  if (!key.ok()) co_return RefuseSubmission(context, options_.observer, key.status());
  Submitter submitter;
  submitter.owner = OwnerOf(store_.secret(), context.metadata());
  submitter.correlation_id = context.correlation_id();
  if (!key->key.empty()) {
    // Before anything is judged: a repetition is answered also when its target is away, or may not
    // be called any more.
    auto find = store_.FindByKey(context.executor(), submitter.owner, key->key, key->fingerprint);
    const absl::StatusOr<std::optional<JobRow>> known = co_await std::move(find);
    if (!known.ok()) co_return RefuseSubmission(context, options_.observer, known.status());
    if (*known) co_return Acknowledge(context, **known);
  }
  SubmitRules rules;
  rules.now = options_.clock->Now();
  rules.longest_result_lifetime = options_.longest_result_lifetime;
  rules.check_call = &options_.check_call;
  absl::StatusOr<NewJob> job = ToNewJob(request, *std::move(key), std::move(submitter), rules);
  if (!job.ok()) co_return RefuseSubmission(context, options_.observer, job.status());
  auto submit = store_.Submit(context.executor(), *std::move(job));
  const absl::StatusOr<JobRow> row = co_await std::move(submit);
  if (!row.ok()) co_return RefuseSubmission(context, options_.observer, row.status());
  co_return Acknowledge(context, *row);
}

rpc::Task<absl::StatusOr<v1::ListJobsResponse>> JobService::ListJobs(rpc::CallContext& context,
                                                                     v1::ListJobsRequest request) {
  SLIPWAY_CO_ASSIGN_OR_RETURN(JobQuery query, ToQuery(request, options_.clock->Now()));
  std::string owner = OwnerOf(store_.secret(), context.metadata());
  if (owner.empty() && !options_.list_public) co_return v1::ListJobsResponse();
  if (!owner.empty()) query.owner = std::move(owner);
  auto list = store_.List(context.executor(), std::move(query));
  const absl::StatusOr<JobPage> page = co_await std::move(list);
  if (!page.ok()) co_return page.status();
  co_return ToResponse(*page);
}

rpc::Task<absl::StatusOr<JobRow>> JobService::Find(rpc::CallContext& context, std::string id) {
  if (!ValidJobId(id)) co_return JobNotFound(id);
  auto get = store_.Get(context.executor(), id);
  absl::StatusOr<JobRow> row = co_await std::move(get);
  if (!row.ok()) co_return row.status();
  if (!MayKnow(OwnerOf(store_.secret(), context.metadata()), *row)) co_return JobNotFound(id);
  co_return row;
}

bool JobService::Expired(const JobRow& row) const {
  return row.expire_time && *row.expire_time <= options_.clock->Now();
}

rpc::Task<absl::StatusOr<v1::Job>> JobService::GetJob(rpc::CallContext& context,
                                                      v1::GetJobRequest request) {
  auto find = Find(context, request.id());
  const absl::StatusOr<JobRow> row = co_await std::move(find);
  if (!row.ok()) co_return row.status();
  if (Expired(*row)) co_return Gone(context, ExpiredError(*row));
  const bool redirect = !request.has_redirect() || request.redirect();
  if (!Ended(row->state)) {
    SayPending(context);
  } else if (row->state == JobState::kSucceeded && redirect) {
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
  const JobRow& row = outcome->row;
  if (!MayKnow(OwnerOf(store_.secret(), context.metadata()), row)) {
    co_return JobNotFound(request.id());
  }
  if (Expired(row)) co_return Gone(context, ExpiredError(row));
  if (row.state == JobState::kFailed || row.state == JobState::kCancelled) {
    co_return row.error.ToAbsl();
  }
  if (row.state == JobState::kSucceeded) {
    // Results are dropped by time of day, and that may have been set back since.
    if (!outcome->has_result) co_return Gone(context, ExpiredError(row));
    co_return Replay(std::move(outcome->result), context);
  }
  SayPending(context);
  google::api::HttpBody body;
  body.set_content_type("application/json");
  body.set_data("{}");
  co_return body;
}

rpc::Task<absl::StatusOr<v1::Job>> JobService::CancelJob(rpc::CallContext& context,
                                                         v1::CancelJobRequest request) {
  auto find = Find(context, request.id());
  const absl::StatusOr<JobRow> found = co_await std::move(find);
  if (!found.ok()) co_return found.status();
  if (Expired(*found)) co_return ExpiredError(*found);
  auto cancel = store_.Cancel(context.executor(), found->id, options_.clock->Now(),
                              "cancelled by its caller");
  const absl::StatusOr<JobRow> row = co_await std::move(cancel);
  if (!row.ok()) co_return row.status();
  co_return ToProto(*row);
}

rpc::Task<absl::StatusOr<google::protobuf::Empty>> JobService::DeleteJob(
    rpc::CallContext& context, v1::DeleteJobRequest request) {
  auto find = Find(context, request.id());
  const absl::StatusOr<JobRow> found = co_await std::move(find);
  if (!found.ok()) co_return found.status();
  auto forget = store_.Delete(context.executor(), found->id);
  const absl::Status status = co_await std::move(forget);
  if (!status.ok()) co_return status;
  co_return google::protobuf::Empty();
}

rpc::Task<rpc::Status> JobService::WatchJob(rpc::CallContext& context, rpc::ServerStream& stream) {
  const std::optional<std::string> bytes = co_await stream.Read();
  SLIPWAY_CO_ASSIGN_OR_RETURN(const auto request, rpc::DecodeRequest<v1::WatchJobRequest>(bytes));
  auto watch = Watch(context, stream, request.id());
  co_return co_await std::move(watch);
}

rpc::Task<rpc::Status> JobService::Watch(rpc::CallContext& context, rpc::ServerStream& stream,
                                         std::string id) {
  JobWatch::Watcher watcher(watch_, context, id);
  std::string sent;
  while (true) {
    auto find = Find(context, id);
    const absl::StatusOr<JobRow> row = co_await std::move(find);
    if (!row.ok()) co_return row.status();
    // Who watched it end is told so, however late it reads.
    if (sent.empty() && Expired(*row)) co_return ExpiredError(*row);
    std::string message = ToProto(*row).SerializeAsString();
    if (message != sent) {
      sent = std::move(message);
      auto write = stream.Write(sent);
      const bool delivered = co_await write;
      if (!delivered) co_return CallerGone(context);
    }
    if (Ended(row->state)) co_return rpc::Status();
    const rpc::Time until = row->state == JobState::kRunning
                                ? context.executor().Now() + kProgressInterval
                                : rpc::Time::max();
    auto changed = watcher.Changed(until);
    co_await std::move(changed);
    if (const rpc::Status alive = context.Alive(); !alive.ok()) co_return alive;
    if (watch_.stopped()) {
      co_return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown,
                                "the server is shutting down");
    }
  }
}

std::vector<rpc::Method> JobMethods(std::shared_ptr<JobService> service) {
  return {
      rpc::Unary("/slipway.v1.Jobs/SubmitJob", service, &JobService::SubmitJob),
      rpc::Unary("/slipway.v1.Jobs/ListJobs", service, &JobService::ListJobs),
      rpc::Unary("/slipway.v1.Jobs/GetJob", service, &JobService::GetJob),
      rpc::Unary("/slipway.v1.Jobs/GetJobResult", service, &JobService::GetJobResult),
      rpc::Unary("/slipway.v1.Jobs/CancelJob", service, &JobService::CancelJob),
      rpc::Unary("/slipway.v1.Jobs/DeleteJob", service, &JobService::DeleteJob),
      {"/slipway.v1.Jobs/WatchJob", rpc::MethodKind::kServerStreaming,
       [service](rpc::CallContext& context, rpc::ServerStream& stream) {
         return service->WatchJob(context, stream);
       }},
  };
}

}  // namespace slipway::jobs
