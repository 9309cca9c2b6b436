#include "jobs/service/job_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/metrics.h"
#include "base/reason.h"
#include "jobs/store/id.h"
#include "jobs/store/memory_store.h"
#include "jobs/testing/task_runner.h"
#include "rpc/in_process.h"

namespace slipway::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixMicros(1'763'736'600'123'456);

class JobServiceTest : public testing::Test {
 protected:
  JobServiceTest() { Use({}); }

  /// A service with `options`, of this test's clock and path.
  void Use(JobService::Options options) {
    options.jobs_path = "/api/jobs";
    options.clock = &clock_;
    service_ = std::make_unique<JobService>(*store_, std::move(options));
  }
  void UseStore(Store::Limits limits) {
    service_.reset();
    store_ = std::make_unique<MemoryStore>(limits);
    Use({});
  }

  /// One call as `caller_`: its answer and the metadata it sent.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(
      rpc::Task<absl::StatusOr<Response>> (JobService::*method)(rpc::CallContext&, Request),
      Request request) {
    rpc::CallSpec spec;
    spec.metadata.Add("x-correlation-id", "my-id");
    if (!caller_.empty()) spec.metadata.Add("authorization", caller_);
    rpc::CallContext context(runner_.executor(), std::move(spec));
    auto answer = runner_.Run((*service_.*method)(context, std::move(request)));
    metadata_ = context.initial_metadata();
    trailers_ = context.trailers();
    return answer;
  }
  template <typename Request>
  static Request WithId(const std::string& id) {
    Request request;
    request.set_id(id);
    return request;
  }
  absl::StatusOr<v1::Job> Submit(const std::string& name = "Ann", const std::string& key = {}) {
    v1::SubmitJobRequest request;
    request.mutable_greeting()->set_name(name);
    request.set_idempotency_key(key);
    return Call(&JobService::SubmitJob, std::move(request));
  }
  absl::StatusOr<v1::Job> Get(const std::string& id) {
    return Call(&JobService::GetJob, WithId<v1::GetJobRequest>(id));
  }
  absl::StatusOr<google::api::HttpBody> Result(const std::string& id) {
    return Call(&JobService::GetJobResult, WithId<v1::GetJobResultRequest>(id));
  }
  absl::StatusOr<v1::Job> Cancel(const std::string& id) {
    return Call(&JobService::CancelJob, WithId<v1::CancelJobRequest>(id));
  }
  absl::Status Delete(const std::string& id) {
    return Call(&JobService::DeleteJob, WithId<v1::DeleteJobRequest>(id)).status();
  }
  absl::StatusOr<v1::ListJobsResponse> List(int page_size = 0, const std::string& token = {}) {
    v1::ListJobsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    return Call(&JobService::ListJobs, std::move(request));
  }
  LeasedJob Lease() {
    auto leased = runner_.Run(store_->LeaseNext(runner_.executor(), "greeting",
                                                {clock_.Now(), clock_.Now()}, absl::Seconds(5)));
    return *std::move(leased->job);
  }
  /// Runs the next job to an end.
  void Complete(JobResult result) {
    const LeasedJob leased = Lease();
    ASSERT_TRUE(runner_
                    .Run(store_->Complete(runner_.executor(), leased.row.id, leased.token,
                                          clock_.Now(), std::move(result)))
                    .ok());
  }
  void Fail(rpc::Status error) {
    const LeasedJob leased = Lease();
    ASSERT_TRUE(runner_
                    .Run(store_->Fail(runner_.executor(), leased.row.id, leased.token, clock_.Now(),
                                      std::move(error)))
                    .ok());
  }
  static JobResult Hello() {
    JobResult result;
    result.content_type = "text/plain";
    result.body = "hello";
    return result;
  }
  std::string Header(std::string_view key) {
    return std::string(metadata_.Find(key).value_or("-"));
  }

  base::ManualWallClock clock_{kNow};
  TaskRunner runner_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<JobService> service_;
  std::string caller_;
  rpc::Metadata metadata_;
  rpc::Metadata trailers_;
};

TEST_F(JobServiceTest, SubmitAnswersWhereTheJobIs) {
  const auto job = Submit();
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(ValidJobId(job->id()));
  EXPECT_EQ(job->kind(), "greeting");
  EXPECT_EQ(job->state(), v1::Job::ACCEPTED);
  EXPECT_EQ(job->correlation_id(), "my-id");
  EXPECT_EQ(job->create_time().seconds(), 1'763'736'600);
  EXPECT_EQ(job->create_time().nanos(), 123'456'000);
  EXPECT_EQ(job->max_attempts(), 10);
  EXPECT_FALSE(job->has_start_time());
  EXPECT_FALSE(job->has_end_time());
  EXPECT_FALSE(job->has_expire_time());
  EXPECT_FALSE(job->has_not_before());
  EXPECT_FALSE(job->has_error());
  EXPECT_EQ(Header("x-http-code"), "202");
  EXPECT_EQ(Header("location"), "/api/jobs/" + job->id());
  EXPECT_EQ(Header("retry-after"), "1");
  v1::Greeting payload;
  ASSERT_TRUE(payload.ParseFromString(Lease().payload));
  EXPECT_EQ(payload.name(), "Ann");
}

TEST_F(JobServiceTest, BadSubmissionStoresNothing) {
  v1::SubmitJobRequest request;
  request.mutable_greeting();
  request.set_max_attempts(1000);
  EXPECT_TRUE(absl::IsInvalidArgument(Call(&JobService::SubmitJob, request).status()));
  EXPECT_TRUE(metadata_.empty());
  EXPECT_TRUE(store_->Count()->empty());
}

TEST_F(JobServiceTest, SameKeyAnswersTheFirstJob) {
  const std::string id = Submit("Ann", "key")->id();
  Complete(Hello());
  const auto again = Submit("Ann", "key");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id(), id);
  EXPECT_EQ(again->state(), v1::Job::SUCCEEDED);
  EXPECT_EQ(Header("x-http-code"), "202");
  EXPECT_EQ(Header("location"), "/api/jobs/" + id);
  EXPECT_EQ(Header("retry-after"), "1");
  const absl::Status other = Submit("Bob", "key").status();
  EXPECT_TRUE(absl::IsAlreadyExists(other));
  EXPECT_EQ(base::ReasonOf(other), base::Reason::kConflict);
}

TEST_F(JobServiceTest, RepetitionIsAnsweredWhateverMayBeCalledByNow) {
  absl::Status refused;
  JobService::Options options;
  options.check_call = [&refused](const v1::Call& call) -> absl::StatusOr<v1::StoredCall> {
    if (!refused.ok()) return refused;
    v1::StoredCall stored;
    stored.set_method(call.method());
    return stored;
  };
  Use(std::move(options));
  v1::SubmitJobRequest request;
  request.mutable_call()->set_method("a.B/C");
  request.set_idempotency_key("key");
  const auto first = Call(&JobService::SubmitJob, request);
  ASSERT_TRUE(first.ok()) << first.status();
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnavailable, absl::StatusCode::kInvalidArgument,
        absl::StatusCode::kPermissionDenied}) {
    refused = absl::Status(code, "");
    const auto again = Call(&JobService::SubmitJob, request);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->id(), first->id());
    EXPECT_EQ(Header("x-http-code"), "202");
    EXPECT_EQ(Header("location"), "/api/jobs/" + first->id());
    v1::SubmitJobRequest other = request;
    other.set_max_attempts(5);
    EXPECT_TRUE(absl::IsAlreadyExists(Call(&JobService::SubmitJob, other).status()));
    other.set_idempotency_key("another");
    EXPECT_EQ(Call(&JobService::SubmitJob, other).status(), refused);
  }
}

TEST_F(JobServiceTest, KeysOfDifferentCallersAreDifferent) {
  caller_ = "Bearer a";
  const std::string id = Submit("Ann", "key")->id();
  caller_ = "Bearer b";
  const auto other = Submit("Bob", "key");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(other->id(), id);
}

TEST_F(JobServiceTest, FullQueueSaysWhenToComeBack) {
  UseStore({.max_waiting = 1});
  base::Metrics metrics;
  const auto observer = JobObserver::Make(*store_, metrics);
  JobService::Options options;
  options.observer = observer->get();
  Use(std::move(options));
  ASSERT_TRUE(Submit().ok());
  const absl::Status refused = Submit().status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(base::ReasonOf(refused), base::Reason::kQueueFull);
  EXPECT_EQ(Header("retry-after"), "1");
  EXPECT_EQ(Header("x-http-code"), "-");
  EXPECT_THAT(metrics.Serialize(),
              HasSubstr("slipway_job_submissions_refused_total{reason=\"queue_full\"} 1\n"));
}

TEST_F(JobServiceTest, PendingJobIsToBeAskedForAgain) {
  const std::string id = Submit()->id();
  for (const auto state : {v1::Job::ACCEPTED, v1::Job::RUNNING}) {
    const auto job = Get(id);
    ASSERT_TRUE(job.ok()) << job.status();
    EXPECT_EQ(job->state(), state);
    EXPECT_EQ(Header("x-http-code"), "202");
    EXPECT_EQ(Header("retry-after"), "1");
    const auto result = Result(id);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->content_type(), "application/json");
    EXPECT_EQ(result->data(), "{}");
    EXPECT_EQ(Header("x-http-code"), "202");
    EXPECT_EQ(Header("retry-after"), "1");
    if (state == v1::Job::ACCEPTED) Lease();
  }
}

TEST_F(JobServiceTest, WaitingJobShowsHowItsLastAttemptEnded) {
  const std::string id = Submit()->id();
  const LeasedJob leased = Lease();
  ASSERT_TRUE(runner_
                  .Run(store_->Retry(runner_.executor(), id, leased.token,
                                     rpc::Status(absl::StatusCode::kUnavailable, "away"), kNow))
                  .ok());
  const auto waiting = Get(id);
  EXPECT_EQ(waiting->state(), v1::Job::ACCEPTED);
  EXPECT_EQ(waiting->attempt(), 1);
  EXPECT_EQ(waiting->error().code(), 14);
  EXPECT_EQ(waiting->error().message(), "away");
  Lease();
  EXPECT_FALSE(Get(id)->has_error());
}

TEST_F(JobServiceTest, SucceededJobPointsToItsResult) {
  const std::string id = Submit()->id();
  Complete(Hello());
  const auto job = Get(id);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::Job::SUCCEEDED);
  EXPECT_EQ(job->progress(), 100);
  EXPECT_TRUE(job->has_end_time());
  EXPECT_EQ(job->expire_time().seconds(), job->end_time().seconds() + 3600);
  EXPECT_EQ(Header("x-http-code"), "302");
  EXPECT_EQ(Header("location"), "/api/jobs/" + id + "/result");
  const auto result = Result(id);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->content_type(), "text/plain");
  EXPECT_EQ(result->data(), "hello");
  EXPECT_TRUE(metadata_.empty());
}

TEST_F(JobServiceTest, RedirectIsTheCallersChoice) {
  auto request = WithId<v1::GetJobRequest>(Submit()->id());
  Complete(Hello());
  request.set_redirect(false);
  ASSERT_TRUE(Call(&JobService::GetJob, request).ok());
  EXPECT_TRUE(metadata_.empty());
  request.set_redirect(true);
  ASSERT_TRUE(Call(&JobService::GetJob, request).ok());
  EXPECT_EQ(Header("x-http-code"), "302");
}

TEST_F(JobServiceTest, ResultBringsItsMetadata) {
  const std::string id = Submit()->id();
  JobResult answer = Hello();
  answer.initial_metadata = {{"content-type", "application/grpc"},
                             {"grpc-encoding", "gzip"},
                             {"x-http-code", "302"},
                             {"etag", "\"7\""},
                             {"x-raw-bin", std::string("\0\1", 2)}};
  answer.trailers = {{"grpc-status", "0"}, {"x-cost", "3"}};
  Complete(std::move(answer));
  ASSERT_TRUE(Result(id).ok());
  EXPECT_EQ(metadata_.size(), 2u);
  EXPECT_EQ(Header("etag"), "\"7\"");
  EXPECT_EQ(Header("x-raw-bin"), std::string("\0\1", 2));
  EXPECT_EQ(trailers_.size(), 1u);
  EXPECT_EQ(trailers_.Find("x-cost"), "3");
}

TEST_F(JobServiceTest, AnsweredErrorIsTheResult) {
  const std::string id = Submit()->id();
  google::rpc::Status details;
  details.set_code(9);
  details.add_details()->set_type_url("type.googleapis.com/a.B");
  JobResult answer;
  answer.status =
      rpc::Status(absl::StatusCode::kFailedPrecondition, "not now", details.SerializeAsString());
  answer.initial_metadata = {{"x-hint", "later"}};
  answer.trailers = {{"x-cost", "3"}};
  Complete(std::move(answer));
  EXPECT_EQ(Get(id)->state(), v1::Job::SUCCEEDED);
  EXPECT_FALSE(Get(id)->has_error());
  const rpc::Status error = Result(id).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(error.message(), "not now");
  EXPECT_EQ(error.details(), details.SerializeAsString());
  EXPECT_EQ(Header("x-hint"), "later");
  EXPECT_EQ(Header("x-http-code"), "-");
  EXPECT_EQ(trailers_.Find("x-cost"), "3");
}

TEST_F(JobServiceTest, FailedJobShowsAndAnswersItsError) {
  const std::string id = Submit()->id();
  google::rpc::Status details;
  details.set_code(5);
  details.add_details()->set_type_url("type.googleapis.com/a.B");
  Fail(rpc::Status(absl::StatusCode::kNotFound, "gone", details.SerializeAsString()));
  const auto job = Get(id);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::Job::FAILED);
  EXPECT_EQ(job->error().code(), 5);
  EXPECT_EQ(job->error().message(), "gone");
  EXPECT_EQ(job->error().details_size(), 1);
  EXPECT_EQ(Header("x-http-code"), "-");
  const rpc::Status error = Result(id).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(error.message(), "gone");
  EXPECT_EQ(error.details(), details.SerializeAsString());
  EXPECT_EQ(Header("x-http-code"), "-");
}

TEST_F(JobServiceTest, ErrorTextThatIsNoTextIsEscaped) {
  const std::string id = Submit()->id();
  Fail(rpc::Status(absl::StatusCode::kInternal, "caf\xe9", "no details either"));
  EXPECT_EQ(Get(id)->error().message(), "caf\\xe9");
}

TEST_F(JobServiceTest, ExpiredJobIsGone) {
  const std::string id = Submit()->id();
  Complete(Hello());
  clock_.Advance(absl::Hours(1) - absl::Microseconds(1));
  EXPECT_TRUE(Result(id).ok());
  clock_.Advance(absl::Microseconds(1));
  const auto expect_gone = [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kExpired);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(id), HasSubstr("expired at 2025-11-21T15:50:00Z")));
  };
  expect_gone(Get(id).status());
  EXPECT_EQ(Header("x-http-code"), "410");
  expect_gone(Result(id).status());
  EXPECT_EQ(Header("x-http-code"), "410");
  expect_gone(Cancel(id).status());
  EXPECT_EQ(Header("x-http-code"), "-");
}

TEST_F(JobServiceTest, ResultMayBeEmpty) {
  const std::string id = Submit()->id();
  Complete(JobResult());
  const auto result = Result(id);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->content_type(), "");
  EXPECT_EQ(result->data(), "");
  EXPECT_TRUE(metadata_.empty());
}

TEST_F(JobServiceTest, MediaTypeThatIsNoUtf8IsEscaped) {
  const std::string id = Submit()->id();
  JobResult answer;
  answer.content_type = "text/\xe9";
  Complete(std::move(answer));
  EXPECT_EQ(Result(id)->content_type(), "text/\\xe9");
}

TEST_F(JobServiceTest, ResultDroppedBeforeTheClockWasSetBackIsGone) {
  const std::string id = Submit()->id();
  Complete(Hello());
  ASSERT_TRUE(runner_.Run(store_->Purge(runner_.executor(), kNow + absl::Hours(1), 10)).ok());
  EXPECT_EQ(base::ReasonOf(Result(id).status()), base::Reason::kExpired);
  EXPECT_EQ(Header("x-http-code"), "410");
}

TEST_F(JobServiceTest, UnknownJobIsNotFound) {
  const std::string well_formed = NewJobId(kNow);
  for (const std::string& id : {well_formed, std::string("42"), std::string()}) {
    for (const absl::Status& status :
         {Get(id).status(), Result(id).status(), Cancel(id).status(), Delete(id)}) {
      EXPECT_TRUE(absl::IsNotFound(status));
      EXPECT_EQ(status.message(), "job ID not found: " + id);
      EXPECT_TRUE(metadata_.empty());
    }
  }
  EXPECT_LT(Get(std::string(100'000, 'x')).status().message().size(), 100u);
}

TEST_F(JobServiceTest, AnothersJobLooksUnknown) {
  caller_ = "Bearer a";
  const std::string id = Submit()->id();
  for (const std::string& other : {std::string("Bearer b"), std::string()}) {
    caller_ = other;
    for (const absl::Status& status :
         {Get(id).status(), Result(id).status(), Cancel(id).status(), Delete(id)}) {
      EXPECT_TRUE(absl::IsNotFound(status));
      EXPECT_EQ(base::ReasonOf(status), base::Reason::kNotFound);
      EXPECT_EQ(status.message(), "job ID not found: " + id);
      EXPECT_TRUE(metadata_.empty());
    }
  }
  caller_ = "Bearer a";
  EXPECT_EQ(Get(id)->state(), v1::Job::ACCEPTED);  // nobody cancelled it
  clock_.Advance(absl::Hours(100));
  Complete(Hello());
  clock_.Advance(absl::Hours(2));
  caller_ = "Bearer b";
  EXPECT_EQ(base::ReasonOf(Get(id).status()), base::Reason::kNotFound);  // not "expired"
}

TEST_F(JobServiceTest, NobodysJobIsForWhoeverKnowsItsId) {
  const std::string id = Submit()->id();
  caller_ = "Bearer a";
  EXPECT_TRUE(Get(id).ok());
  EXPECT_TRUE(Cancel(id).ok());
  EXPECT_TRUE(Delete(id).ok());
}

TEST_F(JobServiceTest, CancelEndsAJob) {
  const std::string waiting = Submit()->id();
  for (const bool running : {false, true}) {
    const std::string id = running ? Submit()->id() : waiting;
    if (running) Lease();
    const auto job = Cancel(id);
    ASSERT_TRUE(job.ok()) << job.status();
    EXPECT_EQ(job->state(), v1::Job::CANCELLED);
    EXPECT_EQ(job->error().code(), 1);
    EXPECT_EQ(job->error().message(), "cancelled by its caller");
    EXPECT_TRUE(job->has_expire_time());
    EXPECT_EQ(Get(id)->state(), v1::Job::CANCELLED);
    EXPECT_EQ(Header("x-http-code"), "-");
    EXPECT_TRUE(absl::IsCancelled(Result(id).status()));
  }
}

TEST_F(JobServiceTest, CancelLeavesAnEndedJobAsItIs) {
  const std::string id = Submit()->id();
  Complete(Hello());
  const auto job = Cancel(id);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::Job::SUCCEEDED);
  EXPECT_FALSE(job->has_error());
}

TEST_F(JobServiceTest, DeleteForgetsAnEndedJobOnly) {
  const std::string id = Submit()->id();
  const absl::Status refused = Delete(id);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("cancel it first"));
  Complete(Hello());
  EXPECT_TRUE(Delete(id).ok());
  EXPECT_TRUE(absl::IsNotFound(Get(id).status()));
  EXPECT_TRUE(absl::IsNotFound(Delete(id)));
}

TEST_F(JobServiceTest, ListsPages) {
  caller_ = "Bearer a";
  std::set<std::string> ids;
  for (int i = 0; i < 102; ++i) ids.insert(Submit()->id());
  const auto page = List();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->jobs_size(), 100);
  const auto rest = List(1000, page->next_page_token());
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->jobs_size(), 2);
  EXPECT_EQ(rest->next_page_token(), "");
  for (const auto& job : page->jobs()) ids.erase(job.id());
  for (const auto& job : rest->jobs()) ids.erase(job.id());
  EXPECT_TRUE(ids.empty());
}

TEST_F(JobServiceTest, ListsTheCallersJobs) {
  std::map<std::string, std::string> ids;
  for (const char* caller : {"", "Bearer a", "Bearer b"}) {
    caller_ = caller;
    ids[caller] = Submit()->id();
  }
  for (const bool list_public : {false, true}) {
    JobService::Options options;
    options.list_public = list_public;
    Use(std::move(options));
    caller_ = "Bearer a";
    const auto own = List();
    ASSERT_EQ(own->jobs_size(), 1);
    EXPECT_EQ(own->jobs(0).id(), ids["Bearer a"]);
    caller_ = "Bearer c";
    EXPECT_EQ(List()->jobs_size(), 0);
    caller_ = "";
    EXPECT_EQ(List()->jobs_size(), list_public ? 3 : 0);
  }
}

TEST_F(JobServiceTest, ListsByStateAndKind) {
  caller_ = "Bearer a";
  const std::string done = Submit()->id();
  Complete(Hello());
  const std::string waiting = Submit()->id();
  v1::ListJobsRequest request;
  request.set_state(v1::Job::SUCCEEDED);
  auto jobs = Call(&JobService::ListJobs, request);
  ASSERT_EQ(jobs->jobs_size(), 1);
  EXPECT_EQ(jobs->jobs(0).id(), done);
  request.set_state(v1::Job::STATE_UNSPECIFIED);
  request.set_kind("greeting");
  EXPECT_EQ(Call(&JobService::ListJobs, request)->jobs_size(), 2);
  request.set_kind("call");
  EXPECT_EQ(Call(&JobService::ListJobs, request)->jobs_size(), 0);
  clock_.Advance(absl::Hours(2));
  jobs = List();
  ASSERT_EQ(jobs->jobs_size(), 1);  // the other one has expired
  EXPECT_EQ(jobs->jobs(0).id(), waiting);
}

TEST_F(JobServiceTest, RefusesListsThatAreNotAllowed) {
  for (const int page_size : {-1, 1001}) {
    const absl::Status status = List(page_size).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("pageSize: " + std::to_string(page_size)), HasSubstr("0 to 1000")));
  }
  EXPECT_TRUE(List(1).ok());
  EXPECT_TRUE(List(1000).ok());
  v1::ListJobsRequest request;
  request.set_state(static_cast<v1::Job::State>(9));
  const absl::Status status = Call(&JobService::ListJobs, request).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(),
            "state: 9 is not one of ACCEPTED, RUNNING, SUCCEEDED, FAILED, CANCELLED");
}

TEST_F(JobServiceTest, RefusesKindsThatAreNone) {
  v1::ListJobsRequest request;
  for (const auto& [kind, shown] : std::map<std::string, std::string>{
           {"greetings", "greetings"}, {"CALL", "CALL"}, {"\n", "\\n"}}) {
    request.set_kind(kind);
    const absl::Status status = Call(&JobService::ListJobs, request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(status.message(), "kind: \"" + shown + "\" is not one of greeting, call");
  }
}

TEST_F(JobServiceTest, RefusesPageTokensOfOthers) {
  for (const char* caller : {"Bearer a", ""}) {
    caller_ = caller;
    const absl::Status status = List(1, "x").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << caller;
    EXPECT_THAT(std::string(status.message()), HasSubstr("pageToken"));
  }
}

rpc::Task<rpc::UnaryResult> CallOnce(rpc::Upstream& upstream, rpc::CallSpec spec,
                                     std::string request) {
  const std::unique_ptr<rpc::ClientCall> call = upstream.NewCall();
  auto unary = rpc::CallUnary(*call, std::move(spec), std::move(request));
  co_return co_await std::move(unary);
}

TEST_F(JobServiceTest, ErrorsTakeTheirMetadataAlong) {
  rpc::Dispatcher::Builder builder;
  auto service = std::shared_ptr<JobService>(std::move(service_));
  for (rpc::Method& method : JobMethods(service)) builder.Add(std::move(method));
  rpc::InProcessUpstream upstream(std::move(builder).Build(), runner_.executor());
  v1::SubmitJobRequest submit;
  submit.mutable_greeting();
  rpc::CallSpec spec;
  spec.method = "/slipway.v1.Jobs/SubmitJob";
  const auto submitted = runner_.Run(CallOnce(upstream, spec, submit.SerializeAsString()));
  v1::Job job;
  ASSERT_TRUE(submitted.status.ok() && job.ParseFromString(submitted.message));
  Complete(Hello());
  clock_.Advance(absl::Hours(2));
  spec.method = "/slipway.v1.Jobs/GetJob";
  const auto result = runner_.Run(
      CallOnce(upstream, spec, WithId<v1::GetJobRequest>(job.id()).SerializeAsString()));
  EXPECT_EQ(result.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(result.initial_metadata.Find("x-http-code"), "410");
}

TEST(JobMethods, ServeEveryMethodOfTheContract) {
  MemoryStore store;
  std::set<std::string> served;
  for (const rpc::Method& method :
       JobMethods(std::make_shared<JobService>(store, JobService::Options()))) {
    EXPECT_EQ(method.kind, method.path == "/slipway.v1.Jobs/WatchJob"
                               ? rpc::MethodKind::kServerStreaming
                               : rpc::MethodKind::kUnary);
    served.insert(method.path);
  }
  std::set<std::string> contract;
  const auto* service = v1::Job::descriptor()->file()->FindServiceByName("Jobs");
  for (int i = 0; i < service->method_count(); ++i) {
    contract.insert("/slipway.v1.Jobs/" + service->method(i)->name());
  }
  EXPECT_EQ(served, contract);
}

}  // namespace
}  // namespace slipway::jobs
