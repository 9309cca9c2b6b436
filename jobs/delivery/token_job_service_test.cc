#include "jobs/delivery/token_job_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/testing/temporary_directory.h"
#include "jobs/delivery/token.h"
#include "jobs/store/id.h"
#include "jobs/store/memory_store.h"
#include "jobs/testing/task_runner.h"
#include "jobs/work/root.h"
#include "outbound/testing/raw_server.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

using google::protobuf::Struct;
using outbound::testing::RawServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

Struct Parsed(const std::string& json) {
  Struct object;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &object);
  EXPECT_TRUE(status.ok()) << json << ": " << status;
  return object;
}

/// What a receiver was sent.
struct Received {
  std::string line;  // without the version
  std::string head;
  std::string body;
};

Received Split(const std::string& request) {
  const size_t end = request.find("\r\n\r\n");
  return {request.substr(0, request.find(" HTTP/")), request.substr(0, end),
          request.substr(end + 4)};
}

/// A receiver that notes what it is sent and answers what the test says: a status, or nothing.
class Receiver {
 public:
  Receiver()
      : server_([this](const RawServer::ConnectionPtr& connection, const std::string& request) {
          std::optional<int> status;
          {
            const std::lock_guard lock(mutex_);
            received_.push_back(Split(request));
            status = status_;
            if (!status) held_.push_back(connection);
          }
          if (status) connection->Answer(*status, "");
        }) {}

  void Say(std::optional<int> status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  /// Answers those that were not answered.
  void Release(int status) {
    server_.Post([this, status] {
      std::vector<RawServer::ConnectionPtr> held;
      {
        const std::lock_guard lock(mutex_);
        held.swap(held_);
      }
      for (const RawServer::ConnectionPtr& each : held) each->Answer(status, "");
    });
  }
  std::vector<Received> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  RawServer& server() { return server_; }
  std::string url() const { return server_.Url("/hook?key=1"); }

 private:
  std::mutex mutex_;
  std::vector<Received> received_;              // guarded by mutex_
  std::optional<int> status_ = 200;             // guarded by mutex_
  std::vector<RawServer::ConnectionPtr> held_;  // guarded by mutex_
  RawServer server_;
};

class TokenJobServiceTest : public ::testing::Test {
 protected:
  TokenJobServiceTest() { Open(absl::Seconds(15)); }
  ~TokenJobServiceTest() override { service_.reset(); }

  void Open(absl::Duration timeout) {
    TokenJobService::Options options;
    options.timeout = timeout;
    options.clock = &clock_;
    options.metrics = &metrics_;
    service_ = std::make_unique<TokenJobService>(store_, http_, std::move(options));
  }

  /// A poll under way; destroying it is what a caller does that leaves.
  struct Poll {
    std::unique_ptr<rpc::CallContext> context;
    absl::StatusOr<google::protobuf::StringValue> answer;
    bool done = false;
    Root root;

    std::string Header(std::string_view key) const {
      return std::string(context->initial_metadata().Find(key).value_or("-"));
    }
    std::string status() const { return Header("x-http-code"); }
  };
  static Root Run(TokenJobService* service, Poll* poll, v1::PoolTokenJobRequest request) {
    auto pool = service->PoolJob(*poll->context, std::move(request));
    poll->answer = co_await std::move(pool);
    poll->done = true;
  }
  std::unique_ptr<Poll> Start(const std::string& token, const std::string& service_name = "") {
    auto poll = std::make_unique<Poll>();
    poll->context = std::make_unique<rpc::CallContext>(runner_.executor(), rpc::CallSpec());
    v1::PoolTokenJobRequest request;
    request.set_massage_token(token);
    request.set_service_name(service_name);
    poll->root = Run(service_.get(), poll.get(), std::move(request));
    poll->root.Start();
    return poll;
  }
  /// The answer's HTTP status.
  std::string Wait(Poll& poll) {
    runner_.executor().RunUntil(poll.done);
    EXPECT_TRUE(poll.answer.ok()) << poll.answer.status();
    EXPECT_EQ(poll.answer->value(), "Ok");
    EXPECT_EQ(poll.Header("location"), "-");
    EXPECT_EQ(poll.Header("retry-after"), poll.status() == "202" ? "1" : "-");
    return poll.status();
  }
  std::string Pool(const std::string& token, const std::string& service_name = "") {
    return Wait(*Start(token, service_name));
  }
  /// Waits until every poll that was started has got as far as it does by itself.
  void Settle() {
    for (int i = 0; i < 10; ++i) {
      bool done = false;
      runner_.executor().Post([&done] { done = true; });
      runner_.executor().RunUntil(done);
    }
  }

  absl::StatusOr<std::string> Submit(Struct object) {
    rpc::CallSpec spec;
    spec.metadata.Add("x-correlation-id", "my-id");
    rpc::CallContext context(runner_.executor(), std::move(spec));
    const auto answer = runner_.Run(service_->SubmitJob(context, std::move(object)));
    status_ = std::string(context.initial_metadata().Find("x-http-code").value_or("-"));
    if (!answer.ok()) return answer.status();
    return answer->message_token();
  }
  /// `members`: more of the object, with a comma in front.
  std::string SubmitTo(const std::string& url, const std::string& members = "") {
    const auto token = Submit(
        Parsed(absl::StrCat(R"({"redirect_location":{"url":")", url, R"("})", members, "}")));
    EXPECT_TRUE(token.ok()) << token.status();
    return token.value_or("");
  }
  std::optional<LeasedJob> Lease() {
    return runner_
        .Run(store_.LeaseNext(runner_.executor(), "greeting", {kNow, kNow}, absl::Seconds(5)))
        ->job;
  }
  /// Runs every job that waits.
  void Work() {
    while (const std::optional<LeasedJob> job = Lease()) {
      v1::Greeting greeting;
      EXPECT_TRUE(greeting.ParseFromString(job->payload));
      JobResult result;
      result.content_type = "application/json";
      result.body = absl::StrCat("{\"result\":\"Hello ", greeting.name(), "...!\"}");
      EXPECT_TRUE(runner_
                      .Run(store_.Complete(runner_.executor(), job->row.id, job->token,
                                           clock_.Now(), std::move(result)))
                      .ok());
    }
  }
  bool Exists(const std::string& token) {
    return runner_.Run(store_.Get(runner_.executor(), *JobIdFromToken(token))).ok();
  }
  uint64_t Count(const char* result) {
    return metrics_.GetCounter("slipway_job_deliveries_total", "", {{"result", result}}).Value();
  }

  base::ManualWallClock clock_{kNow};
  base::Metrics metrics_;
  MemoryStore store_;
  outbound::HttpClient http_;
  TaskRunner runner_;
  Receiver receiver_;
  std::string status_;
  std::unique_ptr<TokenJobService> service_;
};

TEST_F(TokenJobServiceTest, FromSubmissionToDelivery) {
  const std::string token = SubmitTo(
      receiver_.url(),
      R"(,"name":"Ann","service_name":"s","number":1.5,"big":9007199254740991,"none":null,)"
      R"("unknown":{"deep":[1,{"a":[true,"x"]}]},"status":"mine","result":7)");
  EXPECT_EQ(status_, "202");
  EXPECT_EQ(token.size(), 32u);
  EXPECT_EQ(Pool(token, "s"), "202");
  EXPECT_EQ(receiver_.received().size(), 0u);
  Work();
  EXPECT_EQ(receiver_.received().size(), 0u);  // only when it is asked for
  EXPECT_EQ(Pool(token, "s"), "302");
  ASSERT_EQ(receiver_.received().size(), 1u);
  const Received received = receiver_.received()[0];
  EXPECT_EQ(received.line, "POST /hook?key=1");
  EXPECT_THAT(received.head, HasSubstr("\r\ncontent-type: application/json"));
  EXPECT_THAT(received.head, HasSubstr("\r\nx-correlation-id: my-id"));
  EXPECT_EQ(received.body,
            absl::StrCat(R"({"big":9007199254740991,"name":"Ann","none":null,"number":1.5,)",
                         R"("redirect_location":{"url":")", receiver_.url(),
                         R"("},"service_name":"s","unknown":{"deep":[1,{"a":[true,"x"]}]},)",
                         R"("result":{"result":"Hello Ann...!"},"status":3,"message_token":")",
                         token, R"("})"));
  EXPECT_FALSE(Exists(token));
  EXPECT_EQ(Pool(token, "s"), "404");
  EXPECT_EQ(receiver_.received().size(), 1u);
  EXPECT_EQ(Count("taken"), 1u);
}

TEST_F(TokenJobServiceTest, WithoutNameGreetsNobody) {
  for (const char* members : {"", R"(,"name":null)", R"(,"name":"")"}) {
    const std::string token = SubmitTo(receiver_.url(), members);
    Work();
    EXPECT_EQ(Pool(token), "302");
    EXPECT_THAT(receiver_.received().back().body, HasSubstr(R"({"result":"Hello ...!"})"));
  }
}

TEST_F(TokenJobServiceTest, MethodsOfDelivery) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "put", "Delete"}) {
    const auto token = Submit(Parsed(absl::StrCat(
        R"({"redirect_location":{"url":")", receiver_.url(), R"(","method":")", method, R"("}})")));
    ASSERT_TRUE(token.ok()) << token.status();
    Work();
    EXPECT_EQ(Pool(*token), "302");
    EXPECT_EQ(receiver_.received().back().line,
              absl::StrCat(absl::AsciiStrToUpper(method), " /hook?key=1"));
    EXPECT_THAT(receiver_.received().back().body, HasSubstr(*token));
  }
}

TEST_F(TokenJobServiceTest, BadObjectsAreRefused) {
  const std::string good = absl::StrCat(R"("redirect_location":{"url":")", receiver_.url(), "\"}");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {absl::StrCat(R"({"name":7,)", good, "}"), "name: is a number"},
      {absl::StrCat(R"({"name":["x"],)", good, "}"), "name: is an array"},
      {absl::StrCat(R"({"service_name":{},)", good, "}"), "service_name: is an object"},
      {absl::StrCat(R"({"service_name":true,)", good, "}"), "service_name: is a boolean"},
      {"{}", "redirect_location: is missing"},
      {R"({"redirect_location":null})", "redirect_location: is missing"},
      {R"({"redirect_location":"http://127.0.0.1/"})", "redirect_location: is a string"},
      {R"({"redirect_location":[]})", "redirect_location: is an array"},
      {R"({"redirect_location":{}})", "redirect_location.url: is missing"},
      {R"({"redirect_location":{"url":7}})", "redirect_location.url: is a number"},
      {R"({"redirect_location":{"url":""}})", "redirect_location.url: \"\""},
      {R"({"redirect_location":{"url":"/path"}})", "redirect_location.url: \"/path\""},
      {R"({"redirect_location":{"url":"ftp://127.0.0.1/"}})", "redirect_location.url: \"ftp:"},
      {R"({"redirect_location":{"url":"http://a@127.0.0.1/"}})", "redirect_location.url: \""},
      {R"({"redirect_location":{"url":"http://127.0.0.1/","method":1}})",
       "redirect_location.method: is a number"},
      {R"({"redirect_location":{"url":"http://127.0.0.1/","method":"HEAD"}})",
       "redirect_location.method: \"HEAD\" is not one of"},
  };
  for (const auto& [json, message] : cases) {
    const auto token = Submit(Parsed(json));
    EXPECT_EQ(token.status().code(), absl::StatusCode::kInvalidArgument) << json << token.status();
    EXPECT_EQ(base::ReasonOf(token.status()), base::Reason::kBadField) << json;
    EXPECT_THAT(std::string(token.status().message()), StartsWith(message)) << json;
  }
  EXPECT_FALSE(Lease());
}

TEST_F(TokenJobServiceTest, RefusalsAreCountedAndSayWhenToComeBack) {
  MemoryStore store({.max_waiting = 1});
  const auto observer = JobObserver::Make(store, metrics_);
  TokenJobService::Options options;
  options.observer = observer->get();
  TokenJobService service(store, http_, std::move(options));
  const Struct object = Parsed(R"({"redirect_location":{"url":"http://127.0.0.1:1"}})");
  std::vector<std::string> retry_after;
  for (const Struct& each : {object, object, Struct()}) {
    rpc::CallContext context(runner_.executor(), rpc::CallSpec());
    runner_.Run(service.SubmitJob(context, each)).IgnoreError();
    retry_after.emplace_back(context.initial_metadata().Find("retry-after").value_or("-"));
  }
  EXPECT_THAT(retry_after, ::testing::ElementsAre("1", "1", "-"));
  const std::string metrics = metrics_.Serialize();
  const std::string name = "slipway_job_submissions_refused_total";
  EXPECT_THAT(metrics, HasSubstr(name + "{reason=\"queue_full\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr(name + "{reason=\"bad_field\"} 1\n"));
}

TEST_F(TokenJobServiceTest, ForbiddenReceiversAreRefused) {
  for (const char* url :
       {"http://169.254.169.254/latest", "http://10.0.0.1/", "http://example.com/",
        "http://[::ffff:10.0.0.1]/", "http://0/", "https://localhost.example.com/"}) {
    const auto token =
        Submit(Parsed(absl::StrCat(R"({"redirect_location":{"url":")", url, R"("}})")));
    EXPECT_EQ(token.status().code(), absl::StatusCode::kPermissionDenied) << url;
    EXPECT_EQ(base::ReasonOf(token.status()), base::Reason::kForbiddenTarget) << url;
    EXPECT_THAT(std::string(token.status().message()), StartsWith("redirect_location.url: "));
  }
  EXPECT_FALSE(Lease());
}

TEST_F(TokenJobServiceTest, NotANumberIsRefused) {
  Struct object = Parsed(absl::StrCat(R"({"redirect_location":{"url":")", receiver_.url(), "\"}}"));
  (*object.mutable_fields())["n"].set_number_value(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Submit(object).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(TokenJobServiceTest, DeepObjectsComeBack) {
  // As deep as a request is read: 100 messages.
  Struct object = Parsed(absl::StrCat(R"({"redirect_location":{"url":")", receiver_.url(), "\"}}"));
  google::protobuf::Value* value = &(*object.mutable_fields())["deep"];
  for (int i = 0; i < 49; ++i) value = value->mutable_list_value()->add_values();
  value->set_string_value("bottom");
  Struct read;
  ASSERT_TRUE(read.ParseFromString(object.SerializeAsString()));
  const auto token = Submit(std::move(object));
  ASSERT_TRUE(token.ok()) << token.status();
  Work();
  EXPECT_EQ(Pool(*token), "302");
  EXPECT_THAT(receiver_.received()[0].body, HasSubstr(R"([["bottom"]])"));
}

TEST_F(TokenJobServiceTest, UnknownTokens) {
  const std::string token = SubmitTo(receiver_.url(), R"(,"service_name":"s")");
  for (const std::string& unknown : {std::string(), std::string("x"), token.substr(1), token + "0",
                                     *JobIdFromToken(token), TokenFromJobId(NewJobId(kNow))}) {
    EXPECT_EQ(Pool(unknown, "s"), "404") << unknown;
  }
  EXPECT_EQ(Pool(absl::AsciiStrToUpper(token), "s"), "202");
}

TEST_F(TokenJobServiceTest, ServiceNamesArePartitions) {
  const std::string named = SubmitTo(receiver_.url(), R"(,"service_name":"a")");
  const std::string unnamed = SubmitTo(receiver_.url());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Pool(named, "b"), "404");
    EXPECT_EQ(Pool(named, ""), "404");
    EXPECT_EQ(Pool(named, "A"), "404");
    EXPECT_EQ(Pool(unnamed, "a"), "404");
    Work();
  }
  EXPECT_EQ(receiver_.received().size(), 0u);
  EXPECT_EQ(Pool(named, "a"), "302");
  EXPECT_EQ(Pool(unnamed, ""), "302");
}

TEST_F(TokenJobServiceTest, JobsOfOthersAreUnknown) {
  // The same kind, but submitted otherwise.
  NewJob job;
  job.kind = "greeting";
  job.create_time = kNow;
  const auto row = runner_.Run(store_.Submit(runner_.executor(), job));
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(Pool(TokenFromJobId(row->id)), "404");
  Work();
  EXPECT_EQ(Pool(TokenFromJobId(row->id)), "404");
  EXPECT_TRUE(Exists(TokenFromJobId(row->id)));
}

TEST_F(TokenJobServiceTest, WhileItRuns) {
  const std::string token = SubmitTo(receiver_.url());
  ASSERT_TRUE(Lease());
  EXPECT_EQ(Pool(token), "202");
}

TEST_F(TokenJobServiceTest, FailedCancelledExpired) {
  const std::string failed = SubmitTo(receiver_.url());
  const std::optional<LeasedJob> job = Lease();
  ASSERT_TRUE(job);
  EXPECT_TRUE(runner_
                  .Run(store_.Fail(runner_.executor(), job->row.id, job->token, kNow,
                                   rpc::Status(absl::StatusCode::kInternal, "broken")))
                  .ok());
  const std::string answered_error = SubmitTo(receiver_.url());
  const std::optional<LeasedJob> other = Lease();
  ASSERT_TRUE(other);
  JobResult error;
  error.status = rpc::Status(absl::StatusCode::kNotFound, "no");
  EXPECT_TRUE(runner_
                  .Run(store_.Complete(runner_.executor(), other->row.id, other->token, kNow,
                                       std::move(error)))
                  .ok());
  const std::string cancelled = SubmitTo(receiver_.url());
  EXPECT_TRUE(
      runner_.Run(store_.Cancel(runner_.executor(), *JobIdFromToken(cancelled), kNow, "")).ok());
  const std::string expired = SubmitTo(receiver_.url());
  Work();
  clock_.Advance(absl::Hours(2));
  for (const std::string& token : {failed, answered_error, cancelled, expired}) {
    EXPECT_EQ(Pool(token), "404");
  }
  EXPECT_EQ(receiver_.received().size(), 0u);
}

TEST_F(TokenJobServiceTest, AnythingButTwoHundredIsARefusal) {
  const std::string token = SubmitTo(receiver_.url());
  Work();
  uint64_t refused = 0;
  for (const int status : {201, 202, 204, 301, 302, 400, 401, 404, 410, 429, 500, 503}) {
    receiver_.Say(status);
    EXPECT_EQ(Pool(token), "202") << status;
    EXPECT_TRUE(Exists(token)) << status;
    EXPECT_EQ(Count("refused"), ++refused);
  }
  receiver_.Say(200);
  EXPECT_EQ(Pool(token), "302");
}

TEST_F(TokenJobServiceTest, SilentReceiver) {
  Open(absl::Milliseconds(100));
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  EXPECT_EQ(Pool(token), "202");
  EXPECT_TRUE(Exists(token));
  EXPECT_EQ(Count("timed_out"), 1u);
}

TEST_F(TokenJobServiceTest, NoReceiver) {
  std::string url;
  {
    Receiver gone;
    url = gone.url();
  }
  const std::string token = SubmitTo(url);
  Work();
  EXPECT_EQ(Pool(token), "202");
  EXPECT_TRUE(Exists(token));
  EXPECT_EQ(Count("failed"), 1u);
}

class FailedStore : public MemoryStore {
 public:
  rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor&, std::string) override {
    co_return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kStoreFailed, "fsync");
  }
};

TEST_F(TokenJobServiceTest, StoreThatFailedIsAStatusToo) {
  FailedStore failed;
  service_ = std::make_unique<TokenJobService>(failed, http_, TokenJobService::Options());
  EXPECT_EQ(Pool(std::string(32, '0')), "503");
  service_.reset();
}

TEST_F(TokenJobServiceTest, LogNamesTheReceiversServerOnly) {
  const base::TemporaryDirectory directory;
  ASSERT_TRUE(base::InitLog({directory.path(), "info"}).ok());
  const std::string token = SubmitTo("http://127.0.0.1:1/secret/path?secret=2");
  Work();
  EXPECT_EQ(Pool(token), "202");
  ASSERT_TRUE(base::InitLog({"", "info"}).ok());  // writes what it holds back
  std::ifstream file(directory.File("warning.log"));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(log, HasSubstr("delivery to 127.0.0.1:1: UNAVAILABLE (backend_unavailable): Failed"));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
}

TEST_F(TokenJobServiceTest, TwoPollsThatMeetMakeOneDelivery) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  const auto first = Start(token);
  const auto second = Start(token);  // both look before either begins
  Settle();
  receiver_.server().WaitRequests(1);
  const auto third = Start(token);  // comes while it is under way
  const auto stranger = Start(token, "other");
  EXPECT_EQ(Wait(*stranger), "404");
  Settle();
  EXPECT_FALSE(first->done || second->done || third->done);
  receiver_.Release(200);
  EXPECT_EQ(Wait(*first), "302");
  EXPECT_EQ(Wait(*second), "302");
  EXPECT_EQ(Wait(*third), "302");
  EXPECT_EQ(receiver_.received().size(), 1u);
  EXPECT_EQ(Pool(token), "404");
}

TEST_F(TokenJobServiceTest, RefusalIsSharedToo) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  const auto first = Start(token);
  const auto second = Start(token);
  Settle();
  receiver_.server().WaitRequests(1);
  receiver_.Release(500);
  EXPECT_EQ(Wait(*first), "202");
  EXPECT_EQ(Wait(*second), "202");
  EXPECT_EQ(receiver_.received().size(), 1u);
  receiver_.Say(200);  // the next poll tries again
  EXPECT_EQ(Pool(token), "302");
  EXPECT_EQ(receiver_.received().size(), 2u);
}

TEST_F(TokenJobServiceTest, PollerThatLeavesDoesNotStopTheDelivery) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  auto first = Start(token);
  Settle();
  receiver_.server().WaitRequests(1);
  auto second = Start(token);
  Settle();
  first.reset();
  receiver_.Release(200);
  EXPECT_EQ(Wait(*second), "302");
  EXPECT_FALSE(Exists(token));
  EXPECT_EQ(receiver_.received().size(), 1u);
}

TEST_F(TokenJobServiceTest, EverybodyLeftAndTheJobIsGoneAllTheSame) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  {
    const auto poll = Start(token);
    Settle();
    receiver_.server().WaitRequests(1);
  }
  receiver_.Release(200);
  service_->Stop(absl::Seconds(30));  // waits for what is under way
  EXPECT_FALSE(Exists(token));
  EXPECT_EQ(Count("taken"), 1u);
}

TEST_F(TokenJobServiceTest, StopGivesUpWhatTakesTooLong) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  const auto poll = Start(token);
  Settle();
  receiver_.server().WaitRequests(1);
  service_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Wait(*poll), "202");
  EXPECT_TRUE(Exists(token));
  receiver_.server().WaitClosed(1);
  EXPECT_EQ(Pool(token), "202");  // no delivery begins any more
  EXPECT_EQ(receiver_.received().size(), 1u);
}

TEST_F(TokenJobServiceTest, JobDeletedDuringTheDelivery) {
  receiver_.Say(std::nullopt);
  const std::string token = SubmitTo(receiver_.url());
  Work();
  const auto poll = Start(token);
  Settle();
  receiver_.server().WaitRequests(1);
  EXPECT_TRUE(runner_.Run(store_.Delete(runner_.executor(), *JobIdFromToken(token))).ok());
  receiver_.Release(200);
  EXPECT_EQ(Wait(*poll), "302");
}

TEST_F(TokenJobServiceTest, DeliveredAgainWhenTheDeletionWasLost) {
  // As after a crash between the receiver's answer and the deletion: the job is there, the receiver
  // has had it.
  const std::string token = SubmitTo(receiver_.url());
  Work();
  receiver_.Say(std::nullopt);
  {
    const auto poll = Start(token);
    Settle();
    receiver_.server().WaitRequests(1);
    service_->Stop(absl::ZeroDuration());
  }
  Open(absl::Seconds(15));
  receiver_.Say(200);
  EXPECT_EQ(Pool(token), "302");
  ASSERT_EQ(receiver_.received().size(), 2u);
  EXPECT_EQ(receiver_.received()[0].body, receiver_.received()[1].body);
}

TEST_F(TokenJobServiceTest, ThreadsThatPollTheSameTokens) {
  constexpr int kTokens = 200;
  ASSERT_TRUE(base::InitLog({"", "warning"}).ok());
  std::vector<std::string> tokens;
  for (int i = 0; i < kTokens; ++i) tokens.push_back(SubmitTo(receiver_.url()));
  Work();
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, &tokens, &taken] {
      TaskRunner runner;
      for (const std::string& token : tokens) {
        rpc::CallContext context(runner.executor(), rpc::CallSpec());
        v1::PoolTokenJobRequest request;
        request.set_massage_token(token);
        const auto answer = runner.Run(service_->PoolJob(context, std::move(request)));
        EXPECT_TRUE(answer.ok()) << answer.status();
        const std::string status(context.initial_metadata().Find("x-http-code").value_or("-"));
        EXPECT_TRUE(status == "302" || status == "404") << status;  // 404: it came too late
        if (status == "302") ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(base::InitLog({"", "info"}).ok());
  EXPECT_GE(taken, kTokens);
  std::set<std::string> bodies;
  for (const Received& received : receiver_.received()) bodies.insert(received.body);
  EXPECT_EQ(bodies.size(), size_t{kTokens});
  EXPECT_EQ(receiver_.received().size(), size_t{kTokens});
}

TEST_F(TokenJobServiceTest, TenThousandUnderFiveThousandNames) {
  constexpr int kJobs = 10'000;
  constexpr int kNames = 5'000;
  constexpr int kAtOnce = 500;
  ASSERT_TRUE(base::InitLog({"", "warning"}).ok());  // a line for each says nothing here
  std::vector<std::string> tokens;
  const auto service_name = [](int i) { return absl::StrCat("greeting ", i % kNames); };
  for (int begin = 0; begin < kJobs; begin += kAtOnce) {
    for (int i = begin; i < begin + kAtOnce; ++i) {
      tokens.push_back(SubmitTo(
          receiver_.url(),
          absl::StrCat(R"(,"service_name":")", service_name(i), R"(","name":"n)", i, "\"")));
    }
    Work();
    std::vector<std::unique_ptr<Poll>> polls;
    for (int i = begin; i < begin + kAtOnce; ++i) {
      polls.push_back(Start(tokens[i], service_name(i)));
      polls.push_back(Start(tokens[i], service_name(i)));
      EXPECT_EQ(Pool(tokens[i], service_name(i + 1)), "404");
    }
    for (const auto& poll : polls) ASSERT_EQ(Wait(*poll), "302");
  }
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), size_t{kJobs});
  ASSERT_TRUE(base::InitLog({"", "info"}).ok());
  std::map<std::string, int> times;
  for (const Received& received : receiver_.received()) {
    const Struct object = Parsed(received.body);
    const std::string& token = object.fields().at("message_token").string_value();
    ++times[token];
    const std::string& name = object.fields().at("name").string_value();
    EXPECT_EQ(tokens[std::stoul(name.substr(1))], token);
    EXPECT_EQ(object.fields().at("result").struct_value().fields().at("result").string_value(),
              absl::StrCat("Hello ", name, "...!"));
  }
  EXPECT_EQ(times.size(), size_t{kJobs});
  for (const auto& [token, count] : times) EXPECT_EQ(count, 1) << token;
  EXPECT_TRUE(store_.Count()->empty());
}

}  // namespace
}  // namespace slipway::jobs
