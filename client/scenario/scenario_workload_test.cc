#include "client/scenario/scenario_workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/run/random_stream.h"
#include "client/testing/fake_engine.h"
#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

absl::StatusOr<GrpcMethod> Echo(size_t, const std::string& path) {
  GrpcMethod method;
  method.path = path;
  method.encode = [](std::string_view json) -> absl::StatusOr<std::string> {
    if (json.substr(0, 1) != "{") return absl::InvalidArgumentError("no object");
    return "wire:" + std::string(json);
  };
  method.decode = [](std::string_view wire) -> absl::StatusOr<std::string> {
    return std::string(wire.substr(5));
  };
  return method;
}

struct ScenarioWorkloadTest : testing::Test {
  void Make(std::string_view yaml) {
    auto file = ParseScenarioFile(yaml);
    ASSERT_TRUE(file.ok()) << file.status();
    auto made = MakeScenarioWorkload(*std::move(file), Echo);
    ASSERT_TRUE(made.ok()) << made.status();
    workload = *std::move(made);
  }
  void Start(std::string_view yaml) {
    Make(yaml);
    auto made = workload->MakeIssuer(context);
    ASSERT_TRUE(made.ok()) << made.status();
    issuer = *std::move(made);
    issuer->Listen(&driver);
  }
  void Issue(uint32_t slot) { issuer->Issue(slot, executor.Now()); }

  rpc::ManualExecutor executor;
  FakeEngine http{executor};
  FakeEngine grpc{executor};
  FakeDriver driver;
  IssuerContext context{executor, {&http}, 4};
  std::shared_ptr<const Workload> workload;
  std::unique_ptr<Issuer> issuer;
};

constexpr char kLogin[] = R"(target: http://a
vars: {tenant: acme}
steps:
  - name: login
    http: POST /login
    headers: {x-tenant: "{{tenant}}"}
    data: '{"user":"u{{counter}}"}'
    expect: [status=200]
    extract: {token: 'json:token', session: 'header:X-Session', code: status}
  - name: cart
    http: GET /cart/{{url session}}?code={{code}}
    headers: {authorization: "{{token}}"}
)";

TEST_F(ScenarioWorkloadTest, WhatIsExtractedGoesIntoTheNextStep) {
  Start(kLogin);
  EXPECT_THAT(workload->steps(), ElementsAre("scenario/login", "scenario/cart"));
  EXPECT_TRUE(workload->reads_responses());
  EXPECT_EQ(workload->request_bytes(), 13);
  Issue(1);
  EXPECT_EQ(http.open().request.path, "/login");
  EXPECT_THAT(http.open().request.headers, ElementsAre(Pair("x-tenant", "acme")));
  EXPECT_THAT(http.open().request.messages, ElementsAre("{\"user\":\"u0\"}"));
  executor.Advance(milliseconds(3));
  http.AnswerHttp(200, {{"x-session", "s 1"}}, "{\"token\":\"t\"}");
  ASSERT_EQ(http.open_count(), 1u);
  EXPECT_EQ(http.open().slot, 1u);
  EXPECT_EQ(http.open().request.path, "/cart/s%201?code=200");
  EXPECT_THAT(http.open().request.headers, ElementsAre(Pair("authorization", "t")));
  EXPECT_TRUE(http.open().request.messages.empty());
  EXPECT_TRUE(driver.ended.empty());
  executor.Advance(milliseconds(4));
  http.AnswerHttp(204, {}, "xyz");
  ASSERT_EQ(driver.steps.size(), 2u);
  EXPECT_EQ(driver.steps[0].step, 0u);
  EXPECT_EQ(driver.steps[0].latency, milliseconds(3));
  EXPECT_EQ(driver.steps[1].step, 1u);
  EXPECT_EQ(driver.steps[1].latency, milliseconds(4));
  ASSERT_EQ(driver.ended.size(), 1u);
  EXPECT_TRUE(driver.ended[0].ok);
  EXPECT_EQ(driver.ended[0].code, 204);
  EXPECT_EQ(driver.ended[0].bytes_received, 16u);
}

TEST_F(ScenarioWorkloadTest, UsersHaveVariablesOfTheirOwn) {
  Start(kLogin);
  Issue(0);
  Issue(1);
  EXPECT_THAT(http.calls[1].request.messages, ElementsAre("{\"user\":\"u1\"}"));
  http.AnswerHttp(200, {{"x-session", "s0"}}, "{\"token\":\"t0\"}");
  http.AnswerHttp(200, {{"x-session", "s1"}}, "{\"token\":\"t1\"}");
  EXPECT_EQ(http.calls[2].request.path, "/cart/s0?code=200");
  EXPECT_EQ(http.calls[3].request.path, "/cart/s1?code=200");
}

TEST_F(ScenarioWorkloadTest, FailedStepEndsTheIterationWithItsName) {
  Start(kLogin);
  Issue(0);
  http.AnswerHttp(500);
  EXPECT_EQ(http.open_count(), 0u);
  ASSERT_EQ(driver.ended.size(), 1u);
  EXPECT_EQ(driver.ended[0].kind, OutcomeKind::kUnexpected);
  EXPECT_EQ(driver.ended[0].message, "scenario/login: status: found 500, wanted 200");
  ASSERT_EQ(driver.steps.size(), 1u);
  EXPECT_FALSE(driver.steps[0].ok);
  Issue(0);
  http.Fail(OutcomeKind::kBroken, 104, "reset");
  EXPECT_EQ(driver.ended.at(1).kind, OutcomeKind::kBroken);
  EXPECT_EQ(driver.ended[1].code, 104);
  EXPECT_EQ(driver.ended[1].message, "scenario/login: reset");
}

TEST_F(ScenarioWorkloadTest, WhatCannotBeExtractedFailsTheStep) {
  Start(kLogin);
  for (const auto& [headers, body, message] :
       std::vector<std::tuple<HeaderList, std::string, std::string>>{
           {{}, "{\"token\":1}", "extract session: the answer has no header x-session"},
           {{{"x-session", "s"}}, "{}", "extract token: the answer has no json:token"},
           {{{"x-session", "s"}}, "{\"token\":1e30}", "extract token: numbers from 2^53"},
           {{{"x-session", "s"}}, "<", "extract token: no JSON"}}) {
    driver.ended.clear();
    Issue(0);
    http.AnswerHttp(200, headers, body);
    ASSERT_EQ(driver.ended.size(), 1u);
    EXPECT_EQ(driver.ended[0].kind, OutcomeKind::kUnexpected);
    EXPECT_THAT(driver.ended[0].message, HasSubstr("scenario/login: " + message));
    EXPECT_FALSE(driver.steps.back().ok);
  }
}

TEST_F(ScenarioWorkloadTest, RepeatsAndThinkTimes) {
  Start(R"(target: http://a
steps:
  - {name: a, http: GET /a, repeat: 2, think: 10ms}
  - {name: b, http: 'GET /b/{{counter}}', think: 1h}
)");
  Issue(0);
  EXPECT_EQ(http.open().request.path, "/a");
  http.AnswerHttp(200);
  EXPECT_EQ(http.open_count(), 0u);
  executor.Advance(milliseconds(9));
  EXPECT_EQ(http.open_count(), 0u);
  executor.Advance(milliseconds(1));
  EXPECT_EQ(http.open().request.path, "/a");
  http.AnswerHttp(200);
  executor.Advance(milliseconds(10));
  EXPECT_EQ(http.open().request.path, "/b/0");
  http.AnswerHttp(200);
  EXPECT_EQ(driver.ended.size(), 1u) << "after the last step nothing is waited for";
  EXPECT_EQ(driver.steps.size(), 3u);
  EXPECT_EQ(driver.steps[1].latency.count(), 0) << "thinking is no part of a step";
}

TEST_F(ScenarioWorkloadTest, StepsThatStayTheSameAreEncodedOnce) {
  Start("target: http://a\nsteps: [{http: GET /a}, {http: GET /b}]");
  EXPECT_FALSE(workload->reads_responses());
  EXPECT_EQ(http.encodes, 2);
  for (int i = 0; i < 3; ++i) {
    Issue(0);
    http.AnswerHttp(200);
    http.AnswerHttp(200);
  }
  EXPECT_EQ(http.encodes, 2);
  EXPECT_EQ(driver.ended.size(), 3u);
}

TEST_F(ScenarioWorkloadTest, HttpAndGrpcInOneScenario) {
  context.engines = {&http, &grpc};
  Start(R"(target: http://a
steps:
  - name: list
    http: GET /users
    extract: {id: 'json:users[0].id'}
  - name: get
    grpc: p.S/Get
    target: grpc://a:1
    headers: {X-Id: "{{id}}", Key-Bin: aGk=}
    data: '{"id":"{{id}}"}'
    extract: {name: 'json:name', trailer: 'header:x-t'}
  - name: put
    http: PUT /users/{{id}}
    data: '{"name":"{{json name}}","t":"{{trailer}}"}'
)");
  EXPECT_EQ(workload->request_bytes(), 0);
  Issue(3);
  http.AnswerHttp(200, {}, "{\"users\":[{\"id\":7}]}");
  ASSERT_EQ(grpc.open_count(), 1u);
  EXPECT_EQ(grpc.open().slot, 3u);
  EXPECT_EQ(grpc.open().request.path, "/p.S/Get");
  EXPECT_THAT(grpc.open().request.headers, ElementsAre(Pair("x-id", "7"), Pair("key-bin", "hi")));
  EXPECT_THAT(grpc.open().request.messages, ElementsAre("wire:{\"id\":\"7\"}"));
  grpc.AnswerGrpc(0, "wire:{\"name\":\"a\\\"b\"}", {{"x-t", "T"}});
  EXPECT_THAT(http.open().request.messages, ElementsAre("{\"name\":\"a\\\"b\",\"t\":\"T\"}"));
  http.AnswerHttp(200);
  EXPECT_TRUE(driver.ended.at(0).ok);
}

TEST_F(ScenarioWorkloadTest, ScenariosAreChosenByWeight) {
  Start(R"(target: http://a
scenarios:
  - {name: often, weight: 3, steps: [{http: GET /often}, {http: GET /more}]}
  - {name: seldom, steps: [{http: GET /seldom}]}
)");
  EXPECT_THAT(workload->steps(),
              ElementsAre("often/GET /often", "often/GET /more", "seldom/GET /seldom"));
  int seldom = 0;
  for (int i = 0; i < 4000; ++i) {
    Issue(0);
    if (http.open().request.path == "/seldom") {
      ++seldom;
      http.AnswerHttp(200);
      EXPECT_EQ(driver.steps.back().step, 2u);
    } else {
      http.AnswerHttp(200);
      http.AnswerHttp(200);
      EXPECT_EQ(driver.steps.back().step, 1u);
    }
  }
  // The seed is fixed; the bounds are five standard deviations.
  EXPECT_NEAR(seldom, 1000, 137);
  EXPECT_EQ(driver.ended.size(), 4000u);
}

TEST_F(ScenarioWorkloadTest, ThreadsNumberTheirIterationsTogether) {
  Start("target: http://a\nsteps: [{http: 'GET /{{counter}}/{{thread}}'}]");
  Issue(0);
  Issue(1);
  context.thread = 1;
  issuer = *workload->MakeIssuer(context);
  issuer->Listen(&driver);
  Issue(2);
  EXPECT_EQ(http.calls[0].request.path, "/0/0");
  EXPECT_EQ(http.calls[1].request.path, "/1/0");
  EXPECT_EQ(http.calls[2].request.path, "/2/1");
}

// Who is chosen says nothing about what is filled in.
TEST_F(ScenarioWorkloadTest, ChoicesAndValuesAreIndependent) {
  Start(R"(target: http://a
scenarios:
  - {name: one, steps: [{http: "GET /one/{{random 0 999}}"}]}
  - {name: two, steps: [{http: "GET /two/{{random 0 999}}"}]}
)");
  // With one stream for both, what is drawn for a value could not be drawn for a choice.
  std::mt19937_64 values = RandomStream(context.seed, 0, RandomPurpose::kTemplates);
  std::uniform_int_distribution<int> value(0, 999);
  for (int i = 0; i < 20; ++i) {
    Issue(0);
    const std::string path = http.open().request.path;
    EXPECT_EQ(path.substr(5), std::to_string(value(values)));
    http.AnswerHttp(200);
  }
}

TEST_F(ScenarioWorkloadTest, ValuesThatCannotBeSentFailFromTheLoop) {
  Start(R"(target: http://a
steps:
  - {http: GET /, extract: {x: 'header:x'}}
  - {name: next, http: 'GET /{{x}}'}
)");
  Issue(0);
  http.AnswerHttp(200, {{"x", "a b"}});
  EXPECT_TRUE(driver.ended.empty());
  executor.RunPosted();
  EXPECT_THAT(driver.ended.at(0).message,
              HasSubstr("scenario/next: not sent: http: \"/a b\" must"));
  EXPECT_EQ(driver.steps.size(), 2u);
}

TEST_F(ScenarioWorkloadTest, NothingHappensAfterStop) {
  Start("target: http://a\nsteps: [{http: GET /a, think: 1s}, {http: GET /b}]");
  Issue(0);
  Issue(1);
  http.AnswerHttp(200);
  issuer->Stop();
  http.AnswerHttp(200);
  executor.Advance(std::chrono::seconds(2));
  EXPECT_EQ(http.calls.size(), 2u);
}

TEST_F(ScenarioWorkloadTest, ErrorsBeforeTheRunNameLineAndStep) {
  const auto error = [this](std::string_view yaml, const MethodLookup& lookup) -> std::string {
    auto made = MakeScenarioWorkload(*ParseScenarioFile(yaml), lookup);
    if (!made.ok()) return std::string(made.status().message());
    return std::string((*made)->MakeIssuer(context).status().message());
  };
  constexpr char kCall[] = "target: grpc://a:1\nsteps: [{grpc: p.S/M, data: x}]";
  EXPECT_EQ(error(kCall, Echo), "line 2: the step \"p.S/M\": data: no object (in x)");
  EXPECT_EQ(error(kCall,
                  [](size_t origin, const std::string& path) {
                    return absl::NotFoundError(std::to_string(origin) + " has no " + path);
                  }),
            "line 2: the step \"p.S/M\": 0 has no /p.S/M");
  http.encode_error = absl::InvalidArgumentError("no");
  EXPECT_EQ(error("target: http://a\nsteps: [{http: GET /}]", Echo),
            "line 2: the step \"GET /\": no");
  context.engines = {&http, &grpc};
  EXPECT_EQ(error("target: http://a\nsteps: [{http: GET /}]", Echo),
            "1 servers need as many engines, not 2");
}

}  // namespace
}  // namespace slipway::client
