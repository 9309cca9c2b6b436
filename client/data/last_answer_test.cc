#include "client/data/last_answer.h"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "client/data/request_workload.h"
#include "client/testing/fake_engine.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

struct LastAnswerTest : testing::Test {
  void Start(LastAnswer::Decode decode = {}) {
    RequestRecipe recipe;
    recipe.texts.method = "GET";
    recipe.texts.path = "/a";
    auto made = MakeRequestWorkload(recipe);
    ASSERT_TRUE(made.ok()) << made.status();
    workload = answer.Watch(*std::move(made), std::move(decode));
    issuer = *workload->MakeIssuer(context);
    issuer->Listen(&driver);
  }
  Outcome End(OutcomeKind kind, int code, const Response* response) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.code = code;
    outcome.response = response;
    return outcome;
  }
  /// What is kept of an answer alone.
  std::optional<std::string> Kept(OutcomeKind kind, int code, std::string body) {
    const Response response{code, {}, std::move(body)};
    LastAnswer fresh;
    fresh.Keep(End(kind, code, &response), decode);
    return fresh.text();
  }

  rpc::ManualExecutor executor;
  FakeEngine engine{executor};
  FakeDriver driver;
  IssuerContext context{executor, {&engine}, 4};
  LastAnswer::Decode decode;
  LastAnswer answer;
  std::shared_ptr<const Workload> workload;
  std::unique_ptr<Issuer> issuer;
};

TEST_F(LastAnswerTest, TheLastOneIsKeptAndTheDriverHearsOfAll) {
  Start();
  EXPECT_TRUE(workload->reads_responses());
  EXPECT_EQ(answer.text(), std::nullopt);
  for (const char* body : {"one", "two"}) {
    issuer->Issue(0, executor.Now());
    const Response response{200, {}, body};
    engine.listener()->Done(0, End(OutcomeKind::kHttpStatus, 200, &response), executor.Now());
  }
  EXPECT_EQ(answer.text(), "two");
  EXPECT_EQ(driver.ended.size(), 2u);
}

TEST_F(LastAnswerTest, AnErrorsBodyIsAnAnswerWhatBrokeOffIsNone) {
  EXPECT_EQ(Kept(OutcomeKind::kHttpStatus, 404, "no such thing"), "no such thing");
  EXPECT_EQ(Kept(OutcomeKind::kUnexpected, 200, "other"), "other");
  EXPECT_EQ(Kept(OutcomeKind::kTimeout, 0, "hal"), std::nullopt);
  EXPECT_EQ(Kept(OutcomeKind::kBroken, 0, "hal"), std::nullopt);
  LastAnswer fresh;
  fresh.Keep(End(OutcomeKind::kHttpStatus, 200, nullptr), decode);
  EXPECT_EQ(fresh.text(), std::nullopt);
}

TEST_F(LastAnswerTest, AMessageBecomesJson) {
  decode = [](std::string_view wire) -> absl::StatusOr<std::string> {
    if (wire == "bad") return absl::InvalidArgumentError("bad");
    return "{" + std::string(wire) + "}";
  };
  EXPECT_EQ(Kept(OutcomeKind::kGrpcStatus, 0, "wire"), "{wire}");
  EXPECT_EQ(Kept(OutcomeKind::kGrpcStatus, 5, ""), std::nullopt);
  EXPECT_EQ(Kept(OutcomeKind::kGrpcStatus, 0, "bad"), std::nullopt);
}

TEST_F(LastAnswerTest, NoMoreThanTheLimit) {
  EXPECT_EQ(Kept(OutcomeKind::kHttpStatus, 200, std::string(100'000, 'x'))->size(),
            LastAnswer::kMost);
}

}  // namespace
}  // namespace slipway::client
