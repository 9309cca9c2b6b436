#include "jobs/work/call_handler.h"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/reason.h"
#include "gmock/gmock.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "jobs/testing/call_fixture.h"
#include "rpc/testing/io_runner.h"

namespace slipway::jobs {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;
using Answer = absl::StatusOr<JobResult>;

class CallHandlerTest : public ::testing::Test {
 protected:
  CallHandlerTest() { Make(testing::NotesSchema()); }
  ~CallHandlerTest() override { targets_->Stop(); }

  void Make(CallTarget::Snapshot schema) {
    if (targets_ != nullptr) targets_->Stop();
    CallTargetOptions target;
    target.schema = std::move(schema);
    target.connect = [dispatcher = server_.Methods().Build()](rpc::IoExecutor& executor) {
      return std::make_unique<rpc::InProcessUpstream>(dispatcher, executor);
    };
    CallTargets::Options options;
    options.targets.push_back(std::move(target));
    targets_ = std::make_shared<CallTargets>(std::move(options));
    targets_->Start(runner_.executor());
    handler_ = CallHandler(targets_, retry_, max_response_bytes_);
  }

  static std::string Payload(const std::string& text,
                             const std::string& method = "/test.Notes/Echo") {
    v1::StoredCall stored;
    stored.set_method(method);
    stored.set_request(testing::Note(text).SerializeAsString());
    return stored.SerializeAsString();
  }
  Attempt& NewAttempt(std::string payload, rpc::Duration timeout = std::chrono::hours(1)) {
    rpc::CallSpec spec;
    spec.metadata.Add("x-correlation-id", "my-correlation");
    spec.deadline = runner_.executor().Now() + timeout;
    attempt_ = std::make_unique<Attempt>(runner_.executor(), std::move(spec), std::move(payload));
    return *attempt_;
  }
  Answer Run(std::string payload) { return runner_.Run(handler_(NewAttempt(std::move(payload)))); }

  testing::NotesServer server_;
  rpc::testing::IoRunner runner_;
  std::set<Code> retry_ = {Code::kUnavailable, Code::kDeadlineExceeded};
  size_t max_response_bytes_ = 4 << 20;
  std::shared_ptr<CallTargets> targets_;
  JobHandler handler_;
  std::unique_ptr<Attempt> attempt_;
};

TEST_F(CallHandlerTest, KeepsTheAnswerAsJson) {
  const Answer answer = Run(Payload("hi"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->status.ok());
  EXPECT_EQ(answer->content_type, "application/json");
  EXPECT_EQ(answer->body, R"({"text":"hi","bigCount":"0","replies":[]})");
  EXPECT_EQ(server_.correlation_ids, std::vector<std::string>{"my-correlation"});
}

TEST_F(CallHandlerTest, KeepsMetadataButNotTheTransports) {
  const Answer answer = Run(Payload("hi"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->initial_metadata.size(), 1u);
  EXPECT_EQ(answer->initial_metadata.Find("x-early"), "1");
  EXPECT_EQ(answer->trailers.size(), 1u);
  EXPECT_EQ(answer->trailers.Find("x-late"), "2");
}

TEST_F(CallHandlerTest, HttpBodyIsKeptAsItIs) {
  const Answer answer = Run(Payload("", "/test.Notes/Page"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->content_type, "text/html");
  EXPECT_EQ(answer->body, "<p>");
}

TEST_F(CallHandlerTest, AnErrorIsAnAnswerWithItsDetails) {
  const Answer answer = Run(Payload("missing"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status.code(), Code::kNotFound);
  EXPECT_EQ(answer->status.message(), "no such note");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(answer->status.details()));
  v1::Greeting detail;
  ASSERT_EQ(details.details_size(), 1);
  ASSERT_TRUE(details.details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.name(), "detail");
  EXPECT_EQ(answer->trailers.Find("x-late"), "2");
  EXPECT_EQ(answer->body, "");
}

TEST_F(CallHandlerTest, WhatMayPassIsAnErrorAsItCame) {
  const Answer answer = Run(Payload("busy"));
  EXPECT_EQ(answer.status(), absl::UnavailableError("busy"));
}

TEST_F(CallHandlerTest, WithoutRetriesEveryErrorIsAnAnswer) {
  retry_.clear();
  Make(testing::NotesSchema());
  const Answer answer = Run(Payload("busy"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status.code(), Code::kUnavailable);
}

TEST_F(CallHandlerTest, CancellationReachesTheServer) {
  for (const bool retry : {true, false}) {
    if (!retry) retry_.clear();
    Make(testing::NotesSchema());
    server_.begun = 0;
    server_.cancelled = 0;
    std::optional<Answer> answer;
    runner_.Begin(handler_(NewAttempt(Payload("hang"))), answer);
    runner_.WaitUntil([this] { return server_.begun == 1; });
    EXPECT_FALSE(answer.has_value());
    attempt_->call().Cancel();
    runner_.WaitUntil([&answer] { return answer.has_value(); });
    EXPECT_EQ(answer->status().code(), Code::kCancelled);
    EXPECT_EQ(server_.cancelled, 1);
  }
}

TEST_F(CallHandlerTest, EndsWithTheAttemptsDeadline) {
  retry_.clear();
  Make(testing::NotesSchema());
  const Answer answer =
      runner_.Run(handler_(NewAttempt(Payload("hang"), std::chrono::milliseconds(20))));
  EXPECT_EQ(answer.status().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(server_.cancelled, 1);
}

TEST_F(CallHandlerTest, CancelledBeforeItBegan) {
  Attempt& attempt = NewAttempt(Payload("hi"));
  attempt.call().Cancel();
  EXPECT_EQ(runner_.Run(handler_(attempt)).status().code(), Code::kCancelled);
  EXPECT_EQ(server_.begun, 0);
}

TEST_F(CallHandlerTest, AbandonedWhereItWaits) {
  {
    std::optional<rpc::Task<Answer>> task(handler_(NewAttempt(Payload("hang"))));
    const auto hold = [](rpc::Task<Answer>* task) -> Root { co_await std::move(*task); };
    Root root = hold(&*task);
    root.Start();
    EXPECT_EQ(server_.begun, 1);
    root = Root();
  }
  runner_.WaitUntil([this] { return server_.cancelled == 1; });
}

TEST_F(CallHandlerTest, AnswerThatIsTooLarge) {
  max_response_bytes_ = 100;
  Make(testing::NotesSchema());
  EXPECT_TRUE(Run(Payload(std::string(50, 'x'))).ok());
  // The JSON counts, and the message.
  for (const size_t size : {90, 200}) {
    const Answer answer = Run(Payload(std::string(size, 'x')));
    EXPECT_EQ(answer.status().code(), Code::kOutOfRange);
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr("at most 100"));
  }
}

TEST_F(CallHandlerTest, AnswerThatIsTooLargeForTheWayIsNotTriedAgain) {
  retry_.insert(Code::kResourceExhausted);
  Make(testing::NotesSchema());
  const std::string ours = "received message larger than max (20000000 vs. 16777216)";
  const Answer answer = Run(Payload("exhausted: " + ours));
  EXPECT_EQ(answer.status().code(), Code::kOutOfRange);
  EXPECT_EQ(base::ReasonOf(answer.status()), base::Reason::kResponseTooLarge);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(ours));
  // What a server says that has no resources, or to a request that is too large for it.
  for (const char* theirs : {"busy", "grpc: received message larger than max (5 vs. 4)"}) {
    EXPECT_EQ(Run(Payload(std::string("exhausted: ") + theirs)).status(),
              absl::ResourceExhaustedError(theirs));
  }
}

TEST_F(CallHandlerTest, MethodThatIsNoLongerDescribed) {
  Make(*schema::FromFiles({}));
  const Answer answer = Run(Payload("hi"));
  EXPECT_EQ(answer.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("target gone"));
  // What the server says to a method that it does not have is an answer.
  const Answer gone = Run(Payload("", "/test.Notes/Gone"));
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_EQ(gone->status.code(), Code::kUnimplemented);
}

TEST_F(CallHandlerTest, AnswerThatDoesNotDecode) {
  // The server's text is a message for us; a tag of wire type 7 is in none.
  auto file = testing::NotesFile();
  file.mutable_message_type(0)->mutable_field(0)->set_type(
      google::protobuf::FieldDescriptorProto::TYPE_MESSAGE);
  file.mutable_message_type(0)->mutable_field(0)->set_type_name(".test.Note");
  Make(*schema::FromFiles({file}));
  EXPECT_EQ(Run(Payload("\x0f")).status().code(), Code::kInternal);
}

TEST_F(CallHandlerTest, TargetThatIsNoLongerConfigured) {
  v1::StoredCall stored;
  stored.set_target("crm");
  stored.set_method("/test.Notes/Echo");
  const Answer answer = Run(stored.SerializeAsString());
  EXPECT_EQ(answer.status().code(), Code::kFailedPrecondition);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("\"crm\""));
}

TEST_F(CallHandlerTest, PayloadThatDoesNotDecode) {
  EXPECT_EQ(Run("\xff").status().code(), Code::kInvalidArgument);
}

TEST_F(CallHandlerTest, TargetThatIsStopped) {
  targets_->Stop();
  EXPECT_EQ(Run(Payload("hi")).status().code(), Code::kUnavailable);
  EXPECT_EQ(server_.begun, 0);
}

TEST_F(CallHandlerTest, WaitsForATargetThatHasJustBeenStarted) {
  Make(nullptr);
  const Answer answer = Run(Payload("hi"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, R"({"text":"hi","bigCount":"0","replies":[]})");
}

TEST_F(CallHandlerTest, CallsNothingThatItCouldNotRead) {
  server_.reflection = rpc::Status(Code::kUnavailable, "connection refused");
  Make(nullptr);
  const Answer answer = Run(Payload("hi"));
  EXPECT_EQ(answer.status().code(), Code::kUnavailable);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("connection refused"));
  EXPECT_EQ(server_.begun, 0);
}

}  // namespace
}  // namespace slipway::jobs
