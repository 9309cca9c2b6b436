#include "jobs/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/reason.h"
#include "jobs/store/id.h"
#include "jobs/store/memory_store.h"
#include "jobs/testing.h"

namespace slipway::jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixMicros(1'763'736'600'123'456);

class JobServiceTest : public testing::Test {
 protected:
  /// One call: its answer and the metadata it sent first.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(
      rpc::Task<absl::StatusOr<Response>> (JobService::*method)(rpc::CallContext&, Request),
      Request request) {
    rpc::CallSpec spec;
    spec.metadata.Add("x-correlation-id", "my-id");
    rpc::CallContext context(runner_.executor(), std::move(spec));
    auto answer = runner_.Run((service_.*method)(context, std::move(request)));
    metadata_ = context.initial_metadata();
    return answer;
  }
  absl::StatusOr<v1::Job> Submit(const std::string& name = "Ann") {
    v1::SubmitJobRequest request;
    request.mutable_greeting()->set_name(name);
    return Call(&JobService::SubmitJob, std::move(request));
  }
  absl::StatusOr<v1::Job> Get(const std::string& id) {
    v1::GetJobRequest request;
    request.set_id(id);
    return Call(&JobService::GetJob, std::move(request));
  }
  absl::StatusOr<google::api::HttpBody> Result(const std::string& id) {
    v1::GetJobResultRequest request;
    request.set_id(id);
    return Call(&JobService::GetJobResult, std::move(request));
  }
  absl::StatusOr<v1::ListJobsResponse> List(int page_size, const std::string& token = {}) {
    v1::ListJobsRequest request;
    request.set_page_size(page_size);
    request.set_page_token(token);
    return Call(&JobService::ListJobs, std::move(request));
  }
  LeasedJob Lease() {
    return **runner_.Run(
        store_.LeaseNext(runner_.executor(), {"greeting"}, kNow, absl::Seconds(5)));
  }
  std::string Header(std::string_view key) {
    return std::string(metadata_.Find(key).value_or("-"));
  }

  base::ManualWallClock clock_{kNow};
  TaskRunner runner_;
  MemoryStore store_;
  JobService service_{store_, {"/api/jobs", &clock_}};
  rpc::Metadata metadata_;
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
  EXPECT_FALSE(job->has_start_time());
  EXPECT_FALSE(job->has_end_time());
  EXPECT_EQ(Header("x-http-code"), "202");
  EXPECT_EQ(Header("location"), "/api/jobs/" + job->id());
  EXPECT_EQ(Header("retry-after"), "1");
  v1::Greeting payload;
  ASSERT_TRUE(payload.ParseFromString(Lease().payload));
  EXPECT_EQ(payload.name(), "Ann");
}

TEST_F(JobServiceTest, SubmitWithoutAKindIsRefused) {
  const absl::Status status = Call(&JobService::SubmitJob, v1::SubmitJobRequest()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kBadField);
  EXPECT_EQ(status.message(), "kind: none is set; one of these must be: greeting");
  EXPECT_TRUE(metadata_.empty());
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

TEST_F(JobServiceTest, SucceededJobPointsToItsResult) {
  const std::string id = Submit()->id();
  const LeasedJob leased = Lease();
  ASSERT_TRUE(runner_
                  .Run(store_.Complete(runner_.executor(), id, leased.token, kNow,
                                       JobResult{"text/plain", "hello"}))
                  .ok());
  const auto job = Get(id);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::Job::SUCCEEDED);
  EXPECT_TRUE(job->has_end_time());
  EXPECT_EQ(Header("x-http-code"), "302");
  EXPECT_EQ(Header("location"), "/api/jobs/" + id + "/result");
  const auto result = Result(id);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->content_type(), "text/plain");
  EXPECT_EQ(result->data(), "hello");
  EXPECT_TRUE(metadata_.empty());
}

TEST_F(JobServiceTest, FailedJobShowsAndAnswersItsError) {
  const std::string id = Submit()->id();
  const LeasedJob leased = Lease();
  google::rpc::Status details;
  details.set_code(5);
  details.add_details()->set_type_url("type.googleapis.com/a.B");
  ASSERT_TRUE(runner_
                  .Run(store_.Fail(runner_.executor(), id, leased.token, kNow,
                                   rpc::Status(absl::StatusCode::kNotFound, "gone",
                                               details.SerializeAsString())))
                  .ok());
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
}

TEST_F(JobServiceTest, UnknownJobIsNotFound) {
  const std::string well_formed = NewJobId(kNow);
  for (const std::string& id : {well_formed, std::string("42"), std::string()}) {
    for (const absl::Status& status : {Get(id).status(), Result(id).status()}) {
      EXPECT_TRUE(absl::IsNotFound(status));
      EXPECT_EQ(status.message(), "job ID not found: " + id);
    }
  }
  EXPECT_LT(Get(std::string(100'000, 'x')).status().message().size(), 100u);
}

TEST_F(JobServiceTest, ListsPages) {
  std::set<std::string> ids;
  for (int i = 0; i < 102; ++i) ids.insert(Submit()->id());
  const auto page = List(0);
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

TEST_F(JobServiceTest, RefusesPageSizesThatAreNotAllowed) {
  for (const int page_size : {-1, 1001}) {
    const absl::Status status = List(page_size).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("pageSize: " + std::to_string(page_size)), HasSubstr("0 to 1000")));
  }
  EXPECT_TRUE(List(1).ok());
  EXPECT_TRUE(List(1000).ok());
}

TEST_F(JobServiceTest, RefusesPageTokensOfOthers) {
  const absl::Status status = List(1, "x").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("pageToken"));
}

TEST(JobMethods, ServeEveryMethodOfTheContract) {
  MemoryStore store;
  std::set<std::string> served;
  for (const rpc::Method& method :
       JobMethods(std::make_shared<JobService>(store, JobService::Options()))) {
    EXPECT_EQ(method.kind, rpc::MethodKind::kUnary);
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
