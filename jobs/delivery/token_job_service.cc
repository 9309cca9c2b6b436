#include "jobs/delivery/token_job_service.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "jobs/delivery/object_json.h"
#include "jobs/delivery/token.h"
#include "jobs/delivery/token_request.h"
#include "jobs/service/http_answer.h"
#include "jobs/store/id.h"
#include "rpc/decode.h"
#include "rpc/handlers.h"
#include "schema/json.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

constexpr char kKind[] = "greeting";
constexpr char kJson[] = "application/json";
// What the delivered object calls a job that has succeeded.
constexpr char kDoneStatus[] = "3";
// The object lies one level deeper than in the request that it was read from.
constexpr int kMaxStoredDepth = rpc::kMaxMessageDepth + 1;

/// Every poll's body; the status says the rest.
google::protobuf::StringValue Ok() {
  google::protobuf::StringValue ok;
  ok.set_value("Ok");
  return ok;
}

google::protobuf::StringValue Say(rpc::CallContext& context, const char* status) {
  context.AddInitialMetadata("x-http-code", status);
  return Ok();
}

google::protobuf::StringValue Pending(rpc::CallContext& context) {
  SayPending(context);
  return Ok();
}

std::string JsonString(std::string_view text) {
  std::string json;
  schema::AppendJsonString(text, &json);
  return json;
}

/// What one poll has in common with others; the id's length is fixed.
std::string MeetingKey(const std::string& id, const std::string& service_name) {
  return id + service_name;
}

}  // namespace

TokenJobService::TokenJobService(Store& store, outbound::HttpClient& http, Options options)
    : store_(store),
      options_(std::move(options)),
      deliverer_(store, http, {options_.allow, options_.timeout, options_.metrics}) {}

rpc::Task<absl::StatusOr<v1::SubmitTokenJobResponse>> TokenJobService::SubmitJob(
    rpc::CallContext& context, google::protobuf::Struct object) {
  absl::StatusOr<TokenRequest> request = ReadTokenRequest(object, options_.allow.get());
  if (!request.ok()) co_return RefuseSubmission(context, options_.observer, request.status());
  v1::Greeting greeting;
  greeting.set_name(std::move(request->name));
  v1::StoredTokenJob stored;
  stored.set_service_name(std::move(request->service_name));
  *stored.mutable_object() = std::move(object);
  NewJob job;
  job.kind = kKind;
  job.payload = greeting.SerializeAsString();
  job.attachment = stored.SerializeAsString();
  job.correlation_id = context.correlation_id();
  job.create_time = options_.clock->Now();
  auto submit = store_.Submit(context.executor(), std::move(job));
  const absl::StatusOr<JobRow> row = co_await std::move(submit);
  if (!row.ok()) co_return RefuseSubmission(context, options_.observer, row.status());
  SayPending(context);
  v1::SubmitTokenJobResponse response;
  response.set_message_token(TokenFromJobId(row->id));
  co_return response;
}

rpc::Task<absl::StatusOr<google::protobuf::StringValue>> TokenJobService::PoolJob(
    rpc::CallContext& context, v1::PoolTokenJobRequest request) {
  const std::optional<std::string> id = JobIdFromToken(request.massage_token());
  if (!id) co_return Say(context, "404");
  const std::shared_ptr<Meeting> meeting = meetings_.Join(MeetingKey(*id, request.service_name()));
  if (!meeting->begun()) {
    auto look = Look(context, *id, request.service_name(), meeting);
    const auto standing = co_await std::move(look);
    if (!standing.ok()) co_return Say(context, "503");  // the store has told the log why
    if (*standing == Standing::kUnknown) co_return Say(context, "404");
    if (*standing == Standing::kPending) co_return Pending(context);
  }
  auto wait = Meeting::Wait(meeting, context.executor());
  const Delivered outcome = co_await std::move(wait);
  if (outcome == Delivered::kTaken) co_return Say(context, "302");
  co_return Pending(context);
}

rpc::Task<absl::StatusOr<std::optional<TokenJobService::Standing>>> TokenJobService::Look(
    rpc::CallContext& context, std::string id, std::string service_name,
    std::shared_ptr<Meeting> meeting) {
  using Answer = std::optional<Standing>;
  auto get = store_.GetOutcome(context.executor(), std::move(id));
  const absl::StatusOr<JobOutcome> outcome = co_await std::move(get);
  // Another poll's delivery, begun meanwhile, may have ended by now and have deleted the job.
  if (meeting->begun()) co_return Answer();
  if (absl::IsNotFound(outcome.status())) co_return Answer(Standing::kUnknown);
  if (!outcome.ok()) co_return outcome.status();
  v1::StoredTokenJob stored;
  const Standing standing = StandingOf(*outcome, service_name, &stored);
  if (standing != Standing::kReady) co_return Answer(standing);
  BeginDelivery(*outcome, stored, meeting);
  co_return Answer();
}

TokenJobService::Standing TokenJobService::StandingOf(const JobOutcome& outcome,
                                                      const std::string& service_name,
                                                      v1::StoredTokenJob* stored) const {
  const JobRow& row = outcome.row;
  const bool ours = row.kind == kKind && row.owner.empty() && !outcome.attachment.empty() &&
                    rpc::Decode(outcome.attachment, stored, kMaxStoredDepth) &&
                    stored->service_name() == service_name;
  if (!ours) return Standing::kUnknown;
  if (!Ended(row.state)) return Standing::kPending;
  const bool expired = row.expire_time && *row.expire_time <= options_.clock->Now();
  const bool answered = row.state == JobState::kSucceeded && outcome.result.status.ok();
  return answered && !expired ? Standing::kReady : Standing::kUnknown;
}

void TokenJobService::BeginDelivery(const JobOutcome& outcome, const v1::StoredTokenJob& stored,
                                    const std::shared_ptr<Meeting>& meeting) {
  if (!meeting->Begin()) return;
  auto end = [this, key = MeetingKey(outcome.row.id, stored.service_name()), last = meeting](
                 Delivered delivered) mutable { meetings_.End(key, std::move(last), delivered); };
  // Whether it may be called is asked again when it is called: the list may be another one by now.
  const absl::StatusOr<TokenRequest> request = ReadTokenRequest(stored.object(), nullptr);
  if (!request.ok()) return end(Delivered::kStays);
  const JobResult& result = outcome.result;
  const std::string& text = result.body;
  Deliverer::Delivery delivery;
  delivery.job_id = outcome.row.id;
  delivery.correlation_id = outcome.row.correlation_id;
  delivery.method = request->method;
  delivery.url = request->url;
  delivery.body = ObjectJson(stored.object(),
                             {{"result", result.content_type == kJson ? text : JsonString(text)},
                              {"status", kDoneStatus},
                              {"message_token", JsonString(TokenFromJobId(outcome.row.id))}});
  deliverer_.Begin(std::move(delivery), std::move(end));
}

std::vector<rpc::Method> TokenJobMethods(std::shared_ptr<TokenJobService> service) {
  return {
      rpc::Unary("/slipway.v1.TokenJobs/SubmitJob", service, &TokenJobService::SubmitJob),
      rpc::Unary("/slipway.v1.TokenJobs/PoolJob", service, &TokenJobService::PoolJob),
  };
}

}  // namespace slipway::jobs
