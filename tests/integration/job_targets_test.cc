#include "gateway/job_targets.h"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "jobs/testing/call_fixture.h"
#include "jobs/work/call_handler.h"
#include "rpc/testing/io_runner.h"
#include "server/grpc/grpc_server.h"

// Jobs that call another server: a target of --job-target, over HTTP/2, before the gRPC library.
namespace slipway {
namespace {

using Code = absl::StatusCode;
using Answer = absl::StatusOr<jobs::JobResult>;
using ::testing::HasSubstr;

class JobTargets : public ::testing::Test {
 protected:
  JobTargets() {
    // The port is known, and nobody listens.
    StartServer();
    StopServer();
    auto parsed = gateway::ParseJobTargets({"notes=127.0.0.1:" + std::to_string(port_)});
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    jobs::CallTargets::Options options;
    options.targets = *std::move(parsed);
    targets_ = std::make_shared<jobs::CallTargets>(std::move(options));
    handler_ = jobs::CallHandler(targets_, {Code::kUnavailable});
  }
  ~JobTargets() override { targets_->Stop(); }

  void StartServer() {
    auto server = server::GrpcServer::Start({.listen = "127.0.0.1:" + std::to_string(port_)},
                                            notes_.Methods().Build());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
  }
  void StopServer() { server_.reset(); }
  void StartAll() {
    StartServer();
    targets_->Start(runner_.executor());
    runner_.WaitUntil([this] { return Check("").ok(); });
  }

  absl::StatusOr<slipway::v1::StoredCall> Check(const std::string& text) {
    slipway::v1::Call call;
    call.set_target("notes");
    call.set_method("test.Notes/Echo");
    (*call.mutable_request()->mutable_struct_value()->mutable_fields())["text"].set_string_value(
        text);
    return targets_->Check(call);
  }
  rpc::Task<Answer> Task(const std::string& text) {
    rpc::CallSpec spec;
    spec.deadline = runner_.executor().Now() + std::chrono::seconds(50);
    attempt_ = std::make_unique<jobs::Attempt>(runner_.executor(), std::move(spec),
                                               Check(text)->SerializeAsString());
    return handler_(*attempt_);
  }
  Answer Run(const std::string& text) { return runner_.Run(Task(text)); }

  jobs::testing::NotesServer notes_;
  rpc::testing::IoRunner runner_;
  int port_ = 0;
  std::unique_ptr<server::GrpcServer> server_;
  std::shared_ptr<jobs::CallTargets> targets_;
  jobs::JobHandler handler_;
  std::unique_ptr<jobs::Attempt> attempt_;
};

TEST_F(JobTargets, AnswersAndErrorsAreKept) {
  StartAll();
  const Answer answer = Run("hi");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, R"({"text":"hi","bigCount":"0","replies":[]})");
  EXPECT_EQ(answer->initial_metadata.Find("x-early"), "1");
  EXPECT_FALSE(answer->initial_metadata.Find("content-type"));
  EXPECT_EQ(answer->trailers.Find("x-late"), "2");

  const Answer missing = Run("missing");
  ASSERT_TRUE(missing.ok()) << missing.status();
  EXPECT_EQ(missing->status.code(), Code::kNotFound);
  EXPECT_THAT(missing->status.details(), HasSubstr("slipway.v1.Greeting"));
  EXPECT_EQ(Run("busy").status(), absl::UnavailableError("busy"));
}

TEST_F(JobTargets, CancellationReachesTheServer) {
  StartAll();
  std::optional<Answer> answer;
  runner_.Begin(Task("hang"), answer);
  runner_.WaitUntil([this] { return notes_.begun == 1; });
  attempt_->call().Cancel();
  runner_.WaitUntil([&answer] { return answer.has_value(); });
  EXPECT_EQ(answer->status().code(), Code::kCancelled);
  runner_.WaitUntil([this] { return notes_.cancelled == 1; });
}

TEST_F(JobTargets, ServerThatComesAfterUs) {
  targets_->Start(runner_.executor());
  runner_.WaitUntil(
      [this] { return !absl::StrContains(Check("").status().message(), "nobody has asked"); });
  EXPECT_EQ(Check("").status().code(), Code::kUnavailable);
  StartServer();
  runner_.WaitUntil([this] { return Check("").ok(); });
  EXPECT_TRUE(Run("hi").ok());
}

TEST_F(JobTargets, ServerThatIsStartedAnew) {
  StartAll();
  EXPECT_TRUE(Run("hi").ok());
  StopServer();
  EXPECT_EQ(Run("hi").status().code(), Code::kUnavailable);
  EXPECT_TRUE(Check("").ok());
  StartServer();
  // The connection comes back by itself; until then calls fail at once.
  const rpc::Time end = rpc::Clock::now() + std::chrono::seconds(60);
  bool answered = false;
  while (!answered && rpc::Clock::now() < end) answered = Run("hi").ok();
  EXPECT_TRUE(answered);
}

TEST_F(JobTargets, StopEndsWhatIsInFlight) {
  StartAll();
  std::optional<Answer> answer;
  runner_.Begin(Task("hang"), answer);
  runner_.WaitUntil([this] { return notes_.begun == 1; });
  targets_->Stop();
  runner_.WaitUntil([&answer] { return answer.has_value(); });
  EXPECT_EQ(answer->status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace slipway
