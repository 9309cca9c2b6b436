#include "client/scenario/scenario_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kShop[] = R"(target: http://127.0.0.1:8080
vars:
  tenant: acme
scenarios:
  - name: buy
    weight: 3
    steps:
      - name: login
        http: POST /login
        headers: {x-tenant: "{{tenant}}"}
        data: '{"user":"u{{counter}}"}'
        expect: [status=200, json:token]
        extract:
          token: json:token
          session: header:X-Session
        think: 100ms
      - http: GET /cart/{{session}}
        headers:
          authorization: Bearer {{token}}
        repeat: 2
        expect: status=200
      - name: user
        grpc: docking.v1.Users/GetUser
        target: grpc://127.0.0.1:9090/
        headers: {Key-Bin: aGk=}
        data: |
          {"id": "{{token}}"}
  - name: look
    steps:
      - grpc: /docking.v1.Users/GetUser
        target: GRPC://127.0.0.1:9090
      - http: GET /
        target: https://example.test
)";

std::string Error(std::string_view yaml) {
  const auto file = ParseScenarioFile(yaml);
  EXPECT_TRUE(file.ok() || file.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(file.status().message());
}

/// A file of one step with these lines, the first of which is line 3.
std::string StepError(const std::string& lines) {
  return Error("target: http://a\nsteps:\n  - " + lines);
}

TEST(ScenarioFile, AllKeysAreRead) {
  const auto file = ParseScenarioFile(kShop);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->origins().size(), 3u);
  EXPECT_EQ(file->origins()[0].url, "http://127.0.0.1:8080");
  EXPECT_FALSE(file->origins()[0].grpc);
  EXPECT_EQ(file->origins()[1].url, "grpc://127.0.0.1:9090");
  EXPECT_TRUE(file->origins()[1].grpc);
  EXPECT_THAT(file->origins()[1].grpc_methods, ElementsAre("/docking.v1.Users/GetUser"));
  EXPECT_EQ(file->origins()[2].url, "https://example.test");
  ASSERT_EQ(file->scenarios().size(), 2u);
  const Scenario& buy = file->scenarios()[0];
  EXPECT_EQ(buy.name, "buy");
  EXPECT_EQ(buy.weight, 3);
  EXPECT_THAT(buy.values, ElementsAre("acme", "", ""));
  ASSERT_EQ(buy.steps.size(), 3u);
  EXPECT_EQ(buy.steps[0].name, "login");
  EXPECT_EQ(buy.steps[0].think, milliseconds(100));
  ASSERT_EQ(buy.steps[0].extractions.size(), 2u);
  EXPECT_EQ(buy.steps[0].extractions[1].header, "x-session");
  EXPECT_EQ(buy.steps[0].extractions[1].value, 2u);
  EXPECT_EQ(buy.steps[1].name, "GET /cart/{{session}}");
  EXPECT_EQ(buy.steps[1].repeat, 2);
  EXPECT_EQ(buy.steps[2].origin, 1u);
  EXPECT_EQ(buy.steps[2].grpc_method, "/docking.v1.Users/GetUser");
  EXPECT_EQ(file->scenarios()[1].weight, 1);
  EXPECT_EQ(file->scenarios()[1].steps[1].origin, 2u);
}

TEST(ScenarioFile, AllProblemsAreToldInTheOrderOfTheFile) {
  EXPECT_EQ(Error(R"(target: ftp://a
colour: red
scenarios:
  - steps:
      - http: GET
        expect: status=2xx
        think: soon
        data: {a: 1}
      - grpc: Users
        repeat: 0
)"),
            "line 1: the step: the target \"ftp://a\" has an unknown scheme; allowed: "
            "http[s]://HOST[:PORT]/PATH, h2c://HOST[:PORT]/PATH, "
            "grpc[s]://HOST:PORT/pkg.Service/Method\n"
            "line 2: the file: the key \"colour\" is not known; allowed are target, vars, "
            "scenarios, steps\n"
            "line 4: the scenario: it needs a \"name\"\n"
            "line 5: the step: \"http: GET\": allowed is METHOD /PATH, as in GET /users/{{id}}\n"
            "line 6: the step: expect: \"status=2xx\": allowed are status=200 (or 200,202,…: 100 "
            "to 999), json:PATH=VALUE, json:PATH, sha256=HEX (64 digits), body~TEXT\n"
            "line 7: the step: \"think: soon\": allowed is a duration from 0 to 24h, such as 100ms "
            "or 1m30s\n"
            "line 8: the step: \"data\" must be text; what begins with { or [ needs quotes, or | "
            "before it\n"
            "line 9: the step: \"grpc: Users\": allowed is pkg.Service/Method\n"
            "line 10: the step: \"repeat: 0\": allowed is an integer from 1 to 1000000");
}

TEST(ScenarioFile, WrongShapesAreProblems) {
  EXPECT_THAT(Error(""), HasSubstr("line 1: the file: must be a map with the keys target,"));
  EXPECT_THAT(Error("- a"), HasSubstr("must be a map"));
  EXPECT_THAT(Error("a: [\n"), HasSubstr("no YAML"));
  EXPECT_THAT(Error("target: http://a"), HasSubstr("either \"scenarios\" or"));
  EXPECT_THAT(Error("steps: []"), HasSubstr("\"steps\" must be a list of at least one"));
  EXPECT_THAT(Error("steps: 3"), HasSubstr("\"steps\" must be a list of at least one"));
  EXPECT_THAT(Error("steps:\n  - GET /"), HasSubstr("line 2: the step: must be a map"));
  EXPECT_THAT(StepError("http: GET /\n    http: GET /"),
              HasSubstr("line 4: the step: \"http\" is"));
  EXPECT_THAT(StepError("http: GET /\n    grpc: a/b"), HasSubstr("either \"http\" or \"grpc\""));
  EXPECT_THAT(StepError("http: GET /\n    headers: [a]"), HasSubstr("\"headers\" must be a map"));
  EXPECT_THAT(StepError("http: GET /\n    headers: {a: [b]}"),
              HasSubstr("\"headers\" must be text"));
  EXPECT_THAT(StepError("http: GET /\n    expect: {a: b}"), HasSubstr("text or a list of texts"));
  EXPECT_THAT(StepError("http: GET /\n    name:"), HasSubstr("line 4: the step: \"name\" must be"));
}

TEST(ScenarioFile, TargetsFitTheirSteps) {
  EXPECT_THAT(Error("steps: [{http: GET /}]"), HasSubstr("it needs a \"target\""));
  EXPECT_THAT(StepError("grpc: a.B/C"),
              HasSubstr("a step with \"grpc\" needs grpc[s]://HOST:PORT"));
  EXPECT_THAT(StepError("http: GET /\n    target: grpc://a:1"),
              HasSubstr("a step with \"http\" needs http[s]://"));
  EXPECT_THAT(StepError("http: GET /\n    target: http://a/b"), HasSubstr("has a path"));
}

TEST(ScenarioFile, VariablesAreKnownAfterTheirStepOnly) {
  EXPECT_THAT(StepError("http: GET /{{x}}\n    extract: {x: status}"),
              HasSubstr("line 3: the step: http: \"/{{x}}\": the slot {{x}} is not known"));
  EXPECT_EQ(StepError("http: GET /\n    extract: {x: status}\n  - http: GET /{{x}}"), "");
  EXPECT_THAT(StepError("http: GET /\n    extract: {1x: status}"),
              HasSubstr("\"1x\" cannot be the name of a variable"));
  EXPECT_THAT(StepError("http: GET /\n    extract: {counter: status}"),
              HasSubstr("\"counter\" cannot be the name of a variable"));
  EXPECT_THAT(StepError("http: GET /\n    extract: {x: body}"),
              HasSubstr("extract x: \"body\": allowed are json:PATH, header:NAME, status"));
  EXPECT_THAT(StepError("http: GET /\n    extract: {x: 'json:a..b'}"), HasSubstr("no path into"));
  EXPECT_THAT(Error("vars: {a: 1, a: 2}\ntarget: http://a\nsteps: [{http: GET /, extract: {a: "
                    "status}}]"),
              testing::AllOf(HasSubstr("the variable \"a\" is there twice"),
                             HasSubstr("\"a\" is one of \"vars\", which do not change")));
}

TEST(ScenarioFile, VariablesOfOneScenarioAreNotThoseOfAnother) {
  EXPECT_THAT(Error("target: http://a\nscenarios:\n"
                    "  - {name: a, steps: [{http: GET /, extract: {x: status}}]}\n"
                    "  - {name: b, steps: [{http: 'GET /{{x}}'}]}\n"),
              HasSubstr("line 4: the step: http: \"/{{x}}\": the slot {{x}} is not known"));
}

TEST(ScenarioFile, NamesDiffer) {
  EXPECT_THAT(StepError("http: GET /\n  - http: GET /"),
              HasSubstr("line 4: the step: another step of the scenario has the name \"GET /\""));
  EXPECT_THAT(Error("target: http://a\nscenarios:\n"
                    "  - {name: a, steps: [{http: GET /}]}\n"
                    "  - {name: a, steps: [{http: GET /}]}\n"),
              HasSubstr("line 4: the scenario: another one has the name \"a\""));
}

TEST(ScenarioFile, MetadataInBinIsBase64) {
  EXPECT_THAT(Error("target: grpc://a:1\nsteps: [{grpc: a/b, headers: {k-bin: '*'}}]"),
              HasSubstr("the value of k-bin must be base64"));
}

}  // namespace
}  // namespace slipway::client
