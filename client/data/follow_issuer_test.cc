#include "client/data/follow_issuer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/data/request_workload.h"
#include "client/testing/fake_engine.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct FollowIssuerTest : testing::Test {
  FollowIssuerTest() {
    recipe.texts.method = "POST";
    recipe.texts.path = "/v1/jobs";
    recipe.texts.headers = {{"authorization", "me"}, {"Content-Type", "text/plain"}};
    recipe.texts.messages = {"{}"};
    recipe.follow = true;
    recipe.origin = "http://a:1";
  }

  void Start() {
    auto made = MakeRequestWorkload(recipe);
    ASSERT_TRUE(made.ok()) << made.status();
    workload = *std::move(made);
    EXPECT_TRUE(workload->reads_responses());
    auto issued = workload->MakeIssuer(context);
    ASSERT_TRUE(issued.ok()) << issued.status();
    issuer = *std::move(issued);
    issuer->Listen(&driver);
    issuer->Issue(1, executor.Now());
  }
  const FakeDriver::Ended& ended() {
    EXPECT_EQ(driver.ended.size(), 1u);
    return driver.ended.at(0);
  }

  rpc::ManualExecutor executor;
  FakeEngine engine{executor};
  FakeDriver driver;
  IssuerContext context{executor, {&engine}, 2};
  RequestRecipe recipe;
  std::shared_ptr<const Workload> workload;
  std::unique_ptr<Issuer> issuer;
};

TEST_F(FollowIssuerTest, AsksUntilThereIsAResultAndKeepsBothTimes) {
  recipe.expect = {"status=200", "json:id=1"};
  Start();
  EXPECT_EQ(engine.open().request.method, "POST");
  executor.Advance(milliseconds(5));
  engine.AnswerHttp(202, {{"location", "/v1/jobs/7"}, {"retry-after", "3"}}, "ab");
  EXPECT_EQ(engine.open_count(), 0u);
  executor.Advance(milliseconds(2999));
  EXPECT_EQ(engine.open_count(), 0u);
  executor.Advance(milliseconds(1));
  ASSERT_EQ(engine.open_count(), 1u);
  EXPECT_EQ(engine.open().slot, 1u);
  EXPECT_EQ(engine.open().request.method, "GET");
  EXPECT_EQ(engine.open().request.path, "/v1/jobs/7");
  EXPECT_THAT(engine.open().request.headers, ElementsAre(Pair("authorization", "me")));
  EXPECT_TRUE(engine.open().request.messages.empty());
  engine.AnswerHttp(202);  // neither Location nor Retry-After: here, in a second
  executor.Advance(seconds(1));
  EXPECT_EQ(engine.open().request.path, "/v1/jobs/7");
  engine.AnswerHttp(302, {{"location", "7/result"}});
  EXPECT_EQ(engine.open().request.path, "/v1/jobs/7/result");
  EXPECT_TRUE(driver.ended.empty());
  engine.AnswerHttp(200, {}, "{\"id\":1}");
  EXPECT_TRUE(ended().ok) << ended().message;
  EXPECT_EQ(ended().code, 200);
  EXPECT_EQ(ended().acknowledged, milliseconds(5));
  EXPECT_EQ(ended().bytes_received, 10u);
}

TEST_F(FollowIssuerTest, WaitingForStreamsOfAllStepsCounts) {
  struct : Issuer::Listener {
    void Done(uint32_t, const Outcome& outcome, rpc::Time) override {
      waited.push_back(outcome.stream_wait);
    }
    std::vector<std::chrono::nanoseconds> waited;
  } listener;
  Start();
  issuer->Listen(&listener);
  const Response accepted{202, {{"location", "/j"}}, ""};
  Outcome outcome{.kind = OutcomeKind::kHttpStatus, .code = 202, .ok = true};
  outcome.response = &accepted;
  outcome.stream_wait = milliseconds(5);
  engine.listener()->Done(1, outcome, executor.Now());
  executor.Advance(seconds(1));
  outcome.code = 200;
  outcome.stream_wait = milliseconds(2);
  engine.listener()->Done(1, outcome, executor.Now());
  EXPECT_THAT(listener.waited, ElementsAre(milliseconds(7)));
}

TEST_F(FollowIssuerTest, ResultAtOnceHasNoAcknowledgement) {
  Start();
  engine.AnswerHttp(201);
  EXPECT_TRUE(ended().ok);
  EXPECT_LT(ended().acknowledged.count(), 0);
}

TEST_F(FollowIssuerTest, SlotsAreUsedAgainAfresh) {
  Start();
  engine.AnswerHttp(202, {{"location", "/j"}});
  executor.Advance(seconds(1));
  driver.on_done = [this](uint32_t slot) {
    driver.on_done = nullptr;
    issuer->Issue(slot, executor.Now());
  };
  engine.AnswerHttp(200, {}, "abc");
  ASSERT_EQ(engine.open_count(), 1u);
  EXPECT_EQ(engine.open().request.path, "/v1/jobs");
  engine.AnswerHttp(200, {}, "ab");
  ASSERT_EQ(driver.ended.size(), 2u);
  EXPECT_EQ(driver.ended[0].acknowledged.count(), 0);
  EXPECT_EQ(driver.ended[1].acknowledged.count(), -1);
  EXPECT_EQ(driver.ended[1].bytes_received, 2u);
}

TEST_F(FollowIssuerTest, FailuresNameTheStep) {
  Start();
  engine.AnswerHttp(202, {{"location", "http://a:1/j"}});
  executor.Advance(seconds(1));
  engine.Fail(OutcomeKind::kTimeout, 0, "no complete answer in time");
  EXPECT_EQ(ended().kind, OutcomeKind::kTimeout);
  EXPECT_EQ(ended().message, "GET /j: no complete answer in time");
  EXPECT_GE(ended().acknowledged.count(), 0);
}

TEST_F(FollowIssuerTest, ErrorAsResultIsAFailure) {
  Start();
  engine.AnswerHttp(303, {{"location", "/r"}});
  engine.AnswerHttp(404);
  EXPECT_EQ(ended().kind, OutcomeKind::kHttpStatus);
  EXPECT_EQ(ended().code, 404);
  EXPECT_EQ(ended().message, "GET /r");
}

TEST_F(FollowIssuerTest, MissingAndForeignLocationsAreFailures) {
  Start();
  engine.AnswerHttp(202);
  EXPECT_EQ(driver.ended.at(0).message, "POST /v1/jobs: the 202 has no Location");
  EXPECT_EQ(driver.ended[0].kind, OutcomeKind::kUnexpected);
  issuer->Issue(0, executor.Now());
  engine.AnswerHttp(202, {{"location", "http://b/j"}});
  EXPECT_EQ(driver.ended.at(1).message,
            "POST /v1/jobs: the Location http://b/j is not on this server, http://a:1");
  issuer->Issue(0, executor.Now());
  engine.AnswerHttp(307, {{"location", "/other"}});
  EXPECT_THAT(driver.ended.at(2).message, HasSubstr("a 307 asks to send the POST elsewhere"));
}

TEST_F(FollowIssuerTest, RedirectsInACircleEnd) {
  Start();
  for (int i = 0; i < 100 && driver.ended.empty(); ++i) {
    engine.AnswerHttp(302, {{"location", "/r"}});
  }
  EXPECT_EQ(ended().message, "GET /r: more than 20 redirects in a row");
}

TEST_F(FollowIssuerTest, PatienceEnds) {
  Start();
  engine.AnswerHttp(202, {{"location", "/j"}, {"retry-after", "3600"}});
  executor.Advance(minutes(5) - milliseconds(1));
  EXPECT_EQ(engine.open_count(), 0u);
  executor.Advance(milliseconds(1));
  ASSERT_EQ(engine.open_count(), 1u) << "asked once more at the end";
  engine.AnswerHttp(202);
  EXPECT_EQ(ended().kind, OutcomeKind::kTimeout);
  EXPECT_EQ(ended().message, "GET /j: no result within 5m, after 1 questions");
}

TEST_F(FollowIssuerTest, ServerThatSaysAtOnceIsNotAskedInACircle) {
  Start();
  engine.AnswerHttp(202, {{"location", "/j"}, {"retry-after", "0"}});
  EXPECT_EQ(engine.open_count(), 0u);
  executor.Advance(milliseconds(1));
  EXPECT_EQ(engine.open_count(), 1u);
}

TEST_F(FollowIssuerTest, NothingHappensAfterStop) {
  Start();
  engine.AnswerHttp(202, {{"location", "/j"}});
  issuer->Stop();
  executor.Advance(seconds(10));
  EXPECT_EQ(engine.open_count(), 0u);
  EXPECT_TRUE(driver.ended.empty());
}

}  // namespace
}  // namespace slipway::client
