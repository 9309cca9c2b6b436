#include "client/command/commands.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/command/prepare.h"
#include "client/command/switches.h"
#include "client/testing/scripted_server.h"
#include "rpc/dispatcher.h"
#include "wire/testing/dispatcher_server.h"

namespace slipway::client {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ScriptedServer;
using Peer = testing::ScriptedServer::Peer;

TEST(ExpandShortSwitches, KnowsSeparateAndJoinedValues) {
  EXPECT_THAT(ExpandShortSwitches({"run", "-c", "10", "-n5", "--strict", "-Hx: y", "http://h/"}),
              ElementsAre("run", "--concurrency", "10", "--requests=5", "--strict", "--header=x: y",
                          "http://h/"));
  EXPECT_THAT(ExpandShortSwitches({"-q", "-", "--c"}), ElementsAre("-q", "-", "--c"));
}

TEST(ExpandShortSwitches, LeavesValuesAlone) {
  EXPECT_THAT(ExpandShortSwitches({"--name", "-client", "-n", "5", "--name=x", "-c", "1"}),
              ElementsAre("--name=-client", "--requests", "5", "--name=x", "--concurrency", "1"));
  EXPECT_THAT(ExpandShortSwitches({"-H", "-c: 1", "--data", "-", "--follow", "-c", "-1"}),
              ElementsAre("--header=-c: 1", "--data", "-", "--follow", "--concurrency=-1"));
}

// A switch that is declared without a value must be known as such, or it swallows what follows.
TEST(ExpandShortSwitches, KnowsTheSwitchesWithoutValue) {
  for (const char* name :
       {"--random-think", "--tls-insecure", "--follow", "--no-progress", "--strict", "--no-guard",
        "--restart", "--quick", "--help", "--version"}) {
    EXPECT_THAT(ExpandShortSwitches({name, "-n", "5"}), ElementsAre(name, "--requests", "5"));
  }
}

TEST(CountConnections, EachServerOfAScenarioHasItsOwn) {
  LoadShape load;
  load.concurrency = 100;
  load.connections = 2;
  EngineSpec http1, grpc;
  http1.kind = EngineKind::kHttp1;
  grpc.kind = EngineKind::kGrpc;
  EXPECT_EQ(CountConnections(load, {grpc}), 2u);
  EXPECT_EQ(CountConnections(load, {http1, grpc, http1}), 202u);
  load.connections = 150;
  EXPECT_EQ(CountConnections(load, {http1}), 150u);
}

TEST(StarterOf, OneServerMayServeSeveralTargets) {
  LoadOptions options;
  options.targets = {"http://a/", "grpc://a:1/b/c", "http://b/"};
  options.start = {"server", "=1"};
  EXPECT_EQ(*StarterOf(options, 0), 0u);
  EXPECT_EQ(*StarterOf(options, 1), 0u);
  EXPECT_EQ(*StarterOf(options, 2), 2u);
  for (const char* wrong : {"=", "=0", "=2", "=3", "=4", "=x", "=-1"}) {
    options.start[1] = wrong;
    EXPECT_TRUE(absl::IsInvalidArgument(StarterOf(options, 1).status())) << wrong;
  }
}

TEST(Commands, UsageErrors) {
  EXPECT_EQ(RunCommand({"run"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "http://b/"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "gopher://a/"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--concurrency", "-1"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--unknown"}), kExitUsage);
  EXPECT_EQ(CompareCommand({"compare", "http://a/"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--rate", "1", "--think", "1s"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--catch-up", "0.5", "--rate", "1"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--schedule", "nonsense"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--data", "{{nothing"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--expect", "nothing"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "http://a/", "--output", "report.pdf"}), kExitUsage);
  EXPECT_EQ(SweepCommand({"sweep", "http://a/", "--rate", "5"}), kExitUsage);
  EXPECT_EQ(SearchCommand({"search", "http://a/", "--slo", "fast"}), kExitUsage);
  EXPECT_EQ(ScenarioCommand({"scenario"}), kExitUsage);
  EXPECT_EQ(SearchCommand({"search", "http://a/"}), kExitUsage);
  EXPECT_EQ(CompareCommand({"compare", "http://a/", "http://b/", "--trials", "1001"}), kExitUsage);
  EXPECT_EQ(SweepCommand({"sweep", "http://a/", "-n", "100", "--levels", "1,101"}), kExitUsage);
  EXPECT_EQ(RunCommand({"run", "--help"}), kExitOk);
}

TEST(Commands, SwitchesThatFitNoTarget) {
  const auto compare = [](const char* a, const char* b, const char* name, const char* value) {
    return CompareCommand({"compare", a, b, name, value});
  };
  for (const char* name : {"--engine=grpc++", "--protoset=x", "--messages=3"}) {
    EXPECT_EQ(compare("http://127.0.0.1:1/", "h2c://127.0.0.1:1/", name, "--strict"), kExitUsage)
        << name;
    EXPECT_EQ(compare("http://127.0.0.1:1/", "grpc://127.0.0.1:1/a/b", name, "--strict"),
              kExitFailed)
        << name << " is for the second one, but nobody is there";
  }
  for (const char* name : {"--follow", "--method=PUT"}) {
    EXPECT_EQ(compare("grpc://127.0.0.1:1/a/b", "grpc://127.0.0.1:1/a/c", name, "--strict"),
              kExitUsage)
        << name;
  }
}

TEST(Commands, UnreachableTargetFails) {
  EXPECT_EQ(RunCommand({"run", "http://127.0.0.1:1/", "--no-progress"}), kExitFailed);
}

/// What `run` with these arguments prints when each connection is answered so.
std::string Printed(ScriptedServer::Script script, std::vector<std::string> arguments) {
  ScriptedServer server(std::move(script));
  arguments.insert(arguments.begin(), {"run", "-c1", "--no-progress",
                                       absl::StrCat("http://127.0.0.1:", server.port(), "/a")});
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunCommand(arguments), kExitOk);
  return ::testing::internal::GetCapturedStdout();
}

TEST(OneRequest, ShowsItsAnswerBehindTheReport) {
  const auto script = [](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Answer(200, "{\"a\":\"\x1b[2J\"}");
  };
  EXPECT_THAT(Printed(script, {"-n1"}), EndsWith("\nAnswer\n{\"a\":\"?[2J\"}\n"));
  EXPECT_THAT(Printed(script, {"-n2"}), Not(HasSubstr("\nAnswer\n")));
  EXPECT_THAT(Printed(script, {"-n1", "-o", "json"}), EndsWith("}\n"));
}

TEST(OneRequest, ShowsTheResultThatWasFollowed) {
  const auto script = [](Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();) {
      if (absl::StartsWith(request, "GET /job ")) {
        peer.Answer(200, "the result");
      } else {
        peer.Answer(202, "later", "Location: /job\r\nRetry-After: 0\r\n");
      }
    }
  };
  EXPECT_THAT(Printed(script, {"-n1", "--follow"}), EndsWith("\nAnswer\nthe result\n"));
}

TEST(OneRequest, ShowsTheBeginningOfALongAnswer) {
  const size_t size = size_t{17} << 20;  // more than is kept of answers that are judged
  const auto script = [size](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Answer(200, std::string(size, 'x'));
  };
  EXPECT_THAT(Printed(script, {"-n1"}),
              EndsWith("\nAnswer, its first 64 KiB\n" + std::string(64 * 1024, 'x') + "\n"));
}

// A target that is silent must not keep who wants to leave.
TEST(Commands, AnInterruptEndsTheQuestionForTheSchema) {
  ScriptedServer server([](Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    // It has said what HTTP/2 begins with, and waits now. To this thread, since the server's own
    // would take it for the end of its listening.
    raise(SIGINT);
    peer.WaitForEnd();
  });
  for (const char* data : {"", "{}"}) {  // without data it would go on without a schema
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(RunCommand({"run", "-n3", "--data", data, "--no-progress",
                          absl::StrCat("grpc://127.0.0.1:", server.port(), "/a.B/C")}),
              kExitFailed);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "slipway-load: interrupted\n");
  }
}

class CommandsWithServer : public ::testing::Test {
 protected:
  CommandsWithServer() : server_(MakeDispatcher()) {}
  ~CommandsWithServer() override { unlink(report_.c_str()); }

  static std::shared_ptr<const rpc::Dispatcher> MakeDispatcher() {
    rpc::Dispatcher::Builder builder;
    rpc::Method method;
    method.path = "/test.S/M";
    method.handler = [](rpc::CallContext&, rpc::ServerStream& stream) { return Answer(stream); };
    builder.Add(std::move(method));
    return std::move(builder).Build();
  }
  static rpc::Task<rpc::Status> Answer(rpc::ServerStream& stream) {
    co_await stream.Read();
    co_await stream.Write("answer");
    co_return rpc::Status();
  }
  std::string Url(const std::string& method) const {
    return absl::StrCat("grpc://", server_.address(), method);
  }
  std::string Report() const {
    std::ifstream file(report_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  wire::testing::DispatcherServer server_;
  const std::string report_ = absl::StrCat(::testing::TempDir(), "/report.", getpid(), ".txt");
};

TEST_F(CommandsWithServer, RunWritesItsReport) {
  EXPECT_EQ(RunCommand({"run", Url("/test.S/M"), "-n", "1500", "-c8", "--no-progress", "--output",
                        report_}),
            kExitOk);
  EXPECT_THAT(Report(), HasSubstr("1,500 = 1,500 ok + 0 failed"));
}

TEST_F(CommandsWithServer, NothingSucceededIsAFailure) {
  EXPECT_EQ(
      RunCommand({"run", Url("/test.S/Other"), "-n", "10", "--no-progress", "--output", report_}),
      kExitFailed);
  EXPECT_THAT(Report(), HasSubstr("UNIMPLEMENTED"));
}

// Bytes that nobody can read are no answer to show.
TEST_F(CommandsWithServer, AnAnswerWithoutASchemaIsNotShown) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunCommand({"run", Url("/test.S/M"), "-n", "1", "--no-progress"}), kExitOk);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), Not(HasSubstr("Answer\n")));
}

TEST_F(CommandsWithServer, CompareReportsRatios) {
  EXPECT_EQ(CompareCommand({"compare", Url("/test.S/M"), Url("/test.S/M"), "-n", "200", "--trials",
                            "2", "--warmup", "0", "--seed", "5", "--no-progress", "--pid",
                            absl::StrCat(getpid()), "--output", report_}),
            kExitOk);
  EXPECT_THAT(Report(), HasSubstr("2 trials of each in random order (seed 5)"));
  EXPECT_THAT(Report(), HasSubstr("server µs"));
  EXPECT_THAT(Report(), HasSubstr("(guard)"));
}

TEST_F(CommandsWithServer, SearchSaysThatItsTrialsTookLonger) {
  SearchCommand({"search", Url("/test.S/M"), "--slo", "p50<100s", "--from", "100", "--to", "100",
                 "--confirm", "1", "-d", "50ms", "--warmup", "0", "--no-progress", "--output",
                 report_});
  EXPECT_THAT(Report(), HasSubstr("trials took up to 240 ms instead of 50.0 ms"));
}

TEST_F(CommandsWithServer, ConditionsDecideTheExitCode) {
  const auto run = [this](const char* condition) {
    // Slowly, since the server's CPU time is this process's too.
    return RunCommand({"run", Url("/test.S/M"), "-n", "40", "--rate", "400", "--no-progress",
                       "--fail-if", condition});
  };
  EXPECT_EQ(run("p50>10s"), kExitOk);
  EXPECT_EQ(run("p50>1ns"), kExitThreshold);
  EXPECT_EQ(run("p99.99>10s"), kExitFailed) << "it stands on too few samples";
  EXPECT_EQ(run("fast"), kExitUsage);
}

TEST_F(CommandsWithServer, SweepGoesThroughItsLevels) {
  EXPECT_EQ(SweepCommand({"sweep", Url("/test.S/M"), "-n", "100", "--levels", "1,8", "--trials",
                          "1", "--warmup", "0", "--no-progress", "--output", report_}),
            kExitOk);
  EXPECT_THAT(Report(), HasSubstr("100"));
}

TEST_F(CommandsWithServer, ReportsAreReadAgain) {
  const std::string json = absl::StrCat(report_, ".json");
  EXPECT_EQ(RunCommand({"run", Url("/test.S/M"), "-n", "100", "--no-progress", "--output", json}),
            kExitOk);
  EXPECT_EQ(ReportCommand({"report", json, json, "--output", report_}), kExitOk);
  EXPECT_THAT(Report(), HasSubstr("2 trials of each"));
  EXPECT_EQ(ReportCommand({"report", "/nowhere.json"}), kExitUsage);
  unlink(json.c_str());
}

TEST_F(CommandsWithServer, ReportThatCannotBeWrittenIsNoticedBeforeTheLoad) {
  EXPECT_EQ(RunCommand({"run", Url("/test.S/M"), "-d", "1h", "--no-progress", "--output",
                        "/nowhere/report.txt"}),
            kExitUsage);
}

TEST_F(CommandsWithServer, FullDeviceIsAFailure) {
  ASSERT_EQ(symlink("/dev/full", report_.c_str()), 0);
  EXPECT_EQ(RunCommand({"run", Url("/test.S/M"), "-n", "1", "--no-progress", "--output", report_}),
            kExitFailed);
}

}  // namespace
}  // namespace slipway::client
