#include "client/data/request_workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/testing/temporary_directory.h"
#include "client/testing/fake_engine.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct RequestWorkloadTest : testing::Test {
  RequestWorkloadTest() {
    recipe.texts.method = "GET";
    recipe.texts.path = "/a";
  }

  void Start() {
    auto made = MakeRequestWorkload(recipe);
    ASSERT_TRUE(made.ok()) << made.status();
    workload = *std::move(made);
    auto issued = workload->MakeIssuer(context);
    ASSERT_TRUE(issued.ok()) << issued.status();
    issuer = *std::move(issued);
    issuer->Listen(&driver);
    engine.encodes = 0;
  }
  void Issue(uint32_t slot) { issuer->Issue(slot, executor.Now()); }
  std::string Error() {
    const auto made = MakeRequestWorkload(recipe);
    return std::string(made.status().message());
  }

  rpc::ManualExecutor executor;
  FakeEngine engine{executor};
  FakeDriver driver;
  IssuerContext context{executor, {&engine}, 4};
  RequestRecipe recipe;
  std::shared_ptr<const Workload> workload;
  std::unique_ptr<Issuer> issuer;
};

GrpcMethod Echo() {
  GrpcMethod method;
  method.path = "/p.S/M";
  method.encode = [](std::string_view json) -> absl::StatusOr<std::string> {
    if (json.substr(0, 1) != "{") return absl::InvalidArgumentError("line 1: no object");
    return "wire:" + std::string(json);
  };
  method.decode = [](std::string_view wire) -> absl::StatusOr<std::string> {
    return std::string(wire.substr(5));
  };
  return method;
}

TEST_F(RequestWorkloadTest, WithoutTemplatesItIsFixed) {
  recipe.texts.messages = {"a{{{{b"};
  Start();
  EXPECT_EQ(engine.listener(), &driver);
  Issue(0);
  Issue(1);
  EXPECT_EQ(engine.encodes, 0);
  EXPECT_THAT(engine.open().request.messages, ElementsAre("a{{b"));
  EXPECT_EQ(workload->request_bytes(), 4);
  EXPECT_FALSE(workload->reads_responses());
}

TEST_F(RequestWorkloadTest, AllPartsAreFilledIn) {
  recipe.texts.path = "/a/{{counter}}";
  recipe.texts.headers = {{"x-n", "{{counter 10}}"}, {"y", "z"}};
  recipe.texts.messages = {"{\"n\":{{counter}}}"};
  Start();
  EXPECT_EQ(workload->request_bytes(), 7);
  for (uint32_t slot = 0; slot < 3; ++slot) Issue(slot);
  const Request& last = engine.calls[2].request;
  EXPECT_EQ(last.method, "GET");
  EXPECT_EQ(last.path, "/a/2");
  EXPECT_THAT(last.headers, ElementsAre(testing::Pair("x-n", "12"), testing::Pair("y", "z")));
  EXPECT_THAT(last.messages, ElementsAre("{\"n\":2}"));
  engine.AnswerHttp(200);
  EXPECT_TRUE(driver.ended.at(0).ok);
}

// Threads share the requests of a run as they come, not evenly.
TEST_F(RequestWorkloadTest, UnevenThreadsTakeEachNumberAndRowOnce) {
  const base::TemporaryDirectory directory;
  recipe.csv = directory.File("u.csv");
  std::ofstream(recipe.csv) << "id\na\nb\nc\nd\n";
  recipe.texts.path = "/{{counter}}/{{id}}";
  Start();
  context.thread = 1;
  const std::unique_ptr<Issuer> other = *workload->MakeIssuer(context);
  Issue(0);
  other->Issue(0, executor.Now());
  for (uint32_t slot = 1; slot < 4; ++slot) Issue(slot);
  other->Issue(1, executor.Now());
  std::set<std::string> paths;
  for (const auto& call : engine.calls) paths.insert(call.request.path);
  EXPECT_THAT(paths, ElementsAre("/0/a", "/1/b", "/2/c", "/3/d", "/4/a", "/5/b"));
}

TEST_F(RequestWorkloadTest, NumbersGoOnFromRunToRun) {
  recipe.texts.path = "/{{counter}}";
  Start();
  Issue(0);
  issuer = *workload->MakeIssuer(context);
  issuer->Listen(&driver);
  Issue(0);
  EXPECT_EQ(engine.calls[0].request.path, "/0");
  EXPECT_EQ(engine.calls[1].request.path, "/1");
}

TEST_F(RequestWorkloadTest, RandomValuesAreThoseOfSeedAndThread) {
  recipe.texts.path = "/{{hex 16}}";
  Start();
  Issue(0);
  Start();
  Issue(0);
  context.seed = 1;
  Start();
  Issue(0);
  EXPECT_EQ(engine.calls[0].request.path, engine.calls[1].request.path);
  EXPECT_NE(engine.calls[0].request.path, engine.calls[2].request.path);
}

TEST_F(RequestWorkloadTest, GrpcMessagesBecomeWireBytes) {
  recipe.texts.path = "/p.S/M";
  recipe.texts.method.clear();
  recipe.texts.messages = {"{}", "{\"n\":{{counter}}}"};
  recipe.texts.shape = CallShape::kBidiStream;
  recipe.texts.message_count = 3;
  recipe.grpc = Echo();
  recipe.grpc->shape = CallShape::kBidiStream;
  recipe.expect = {"json:n=0"};
  Start();
  Issue(0);
  EXPECT_THAT(engine.open().request.messages, ElementsAre("wire:{}", "wire:{\"n\":0}"));
  EXPECT_EQ(engine.open().request.shape, CallShape::kBidiStream);
  EXPECT_EQ(engine.open().request.message_count, 3);
  engine.listener()->Message(0, rpc::Duration(1));
  EXPECT_EQ(driver.messages, 1);
  engine.AnswerGrpc(0, "wire:{\"n\":0}");
  EXPECT_TRUE(driver.ended.at(0).ok);
}

TEST_F(RequestWorkloadTest, LiteralRequestWithExpectationsIsEncodedOnce) {
  recipe.expect = {"status=200", "json:a=1"};
  Start();
  EXPECT_TRUE(workload->reads_responses());
  Issue(2);
  Issue(3);
  EXPECT_EQ(engine.encodes, 0);
  engine.AnswerHttp(200, {}, "{\"a\":1}");
  engine.AnswerHttp(200, {}, "{\"a\":2}");
  ASSERT_EQ(driver.ended.size(), 2u);
  EXPECT_TRUE(driver.ended[0].ok);
  EXPECT_EQ(driver.ended[0].slot, 2u);
  EXPECT_EQ(driver.ended[1].kind, OutcomeKind::kUnexpected);
  EXPECT_EQ(driver.ended[1].message, "json:a: found 2, wanted 1");
}

TEST_F(RequestWorkloadTest, ValuesThatCannotBeSentFailFromTheLoop) {
  const base::TemporaryDirectory directory;
  recipe.csv = directory.File("u.csv");
  std::ofstream(recipe.csv) << "id\na\nb c\n";
  recipe.texts.path = "/{{id}}";
  Start();
  Issue(0);
  Issue(1);
  EXPECT_EQ(engine.calls.size(), 1u);
  EXPECT_TRUE(driver.ended.empty());
  executor.RunPosted();
  ASSERT_EQ(driver.ended.size(), 1u);
  EXPECT_EQ(driver.ended[0].slot, 1u);
  EXPECT_EQ(driver.ended[0].kind, OutcomeKind::kUnexpected);
  EXPECT_THAT(driver.ended[0].message, HasSubstr("not sent: the URL's path: \"/b c\" must begin"));
}

TEST_F(RequestWorkloadTest, NothingIsReportedAfterItsEnd) {
  recipe.expect = {"status=200"};
  Start();
  Issue(0);
  issuer.reset();
  engine.AnswerHttp(200);
  executor.RunPosted();
  EXPECT_TRUE(driver.ended.empty());
}

TEST_F(RequestWorkloadTest, ErrorsNameTheSwitch) {
  recipe.expect = {"status=abc"};
  EXPECT_THAT(Error(), HasSubstr("--expect: \"status=abc\": allowed are"));
  recipe.expect.clear();
  recipe.texts.messages = {"{{nothing}}"};
  EXPECT_THAT(Error(), HasSubstr("--data: \"{{nothing}}\": the slot {{nothing}} is not known"));
  recipe.texts.messages = {"x"};
  recipe.grpc = Echo();
  EXPECT_EQ(Error(), "--data: line 1: no object (in x)");
  recipe.texts.messages = {"x{{counter}}"};
  EXPECT_EQ(Error(), "--data: line 1: no object (in x0)");
  recipe.follow = true;
  EXPECT_THAT(Error(), HasSubstr("--follow: allowed for HTTP only"));
  recipe.follow = false;
  recipe.texts.messages.clear();
  recipe.texts.headers = {{"h", "{{hex}}"}};
  EXPECT_THAT(Error(), HasSubstr("--header h: \"{{hex}}\": the slot {{hex}} allowed is {{hex N}}"));
  recipe.texts.headers.clear();
  recipe.csv = "/none";
  EXPECT_EQ(Error(), "--csv: cannot read /none: No such file or directory");
  recipe.jsonl = "/none";
  EXPECT_EQ(Error(), "--csv and --jsonl exclude each other");
  recipe.csv.clear();
  EXPECT_EQ(Error(), "--jsonl: cannot read /none: No such file or directory");
}

TEST_F(RequestWorkloadTest, WhatTheEngineCannotSendIsAnErrorBeforeTheRun) {
  recipe.texts.path = "/{{counter}}";
  auto made = MakeRequestWorkload(recipe);
  ASSERT_TRUE(made.ok()) << made.status();
  engine.encode_error = absl::InvalidArgumentError("no");
  EXPECT_EQ((*made)->MakeIssuer(context).status(), engine.encode_error);
}

}  // namespace
}  // namespace slipway::client
