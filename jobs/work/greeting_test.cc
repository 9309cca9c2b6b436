#include "jobs/work/greeting.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "jobs/testing/task_runner.h"
#include "rpc/manual_executor.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {
namespace {

absl::StatusOr<JobResult> Greet(const std::string& name) {
  TaskRunner runner;
  v1::Greeting greeting;
  greeting.set_name(name);
  Attempt attempt(runner.executor(), {}, greeting.SerializeAsString());
  return runner.Run(GreetingHandler()(attempt));
}

TEST(Greeting, GreetsByName) {
  const auto result = Greet("Ann");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->status.ok());
  EXPECT_EQ(result->content_type, "application/json");
  EXPECT_EQ(result->body, R"({"result":"Hello Ann...!"})");
}

TEST(Greeting, GreetsNobody) { EXPECT_EQ(Greet("")->body, R"({"result":"Hello ...!"})"); }

TEST(Greeting, EscapesWhatJsonDoesNotAllow) {
  EXPECT_EQ(Greet("a\"b\\c\n\x01\x1f/\x7fÄ€😀")->body,
            "{\"result\":\"Hello a\\\"b\\\\c\\n\\u0001\\u001f/\x7fÄ€😀...!\"}");
  EXPECT_EQ(Greet(std::string("\0", 1))->body, R"({"result":"Hello \u0000...!"})");
}

TEST(Greeting, RefusesAPayloadThatIsNoGreeting) {
  TaskRunner runner;
  Attempt attempt(runner.executor(), {}, "\xff");
  EXPECT_TRUE(absl::IsInvalidArgument(runner.Run(GreetingHandler()(attempt)).status()));
}

rpc::Task<void> Keep(rpc::Task<absl::StatusOr<JobResult>> task,
                     std::optional<absl::StatusOr<JobResult>>& out) {
  out.emplace(co_await std::move(task));
}

TEST(Greeting, WaitsForItsDelay) {
  rpc::ManualExecutor executor;
  Attempt attempt(executor, {}, "");
  std::optional<absl::StatusOr<JobResult>> result;
  rpc::Spawn(Keep(GreetingHandler(std::chrono::seconds(5))(attempt), result));
  executor.Advance(std::chrono::milliseconds(4999));
  EXPECT_FALSE(result);
  executor.Advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok());
}

TEST(Greeting, HeedsItsCancellation) {
  rpc::ManualExecutor executor;
  Attempt attempt(executor, {}, "");
  std::optional<absl::StatusOr<JobResult>> result;
  rpc::Spawn(Keep(GreetingHandler(std::chrono::seconds(5))(attempt), result));
  attempt.call().Cancel();
  executor.RunPosted();
  ASSERT_TRUE(result);
  EXPECT_TRUE(absl::IsCancelled(result->status()));
}

}  // namespace
}  // namespace slipway::jobs
