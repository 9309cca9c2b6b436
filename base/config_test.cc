#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Engine { kAsync, kHttplib };

struct Options {
  std::string log_dir = "logs";
  std::vector<std::string> targets;
  int threads = 4;
  bool docs = false;
  bool quiet = true;
  absl::Duration delay = absl::Seconds(5);
  std::chrono::milliseconds latency{0};
  std::string level = "info";
  Engine engine = Engine::kAsync;
  HostPort listen{"127.0.0.1", 50051};
  std::optional<HostPort> admin = HostPort{"127.0.0.1", 9091};
  std::vector<HostPort> rest;
};

class ConfigParserTest : public ::testing::Test {
 protected:
  ConfigParserTest() : parser_("slipway-test", "Tests.") {
    parser_.AddString("log-dir", &options_.log_dir, "log files");
    parser_.AddStringList("job-target", &options_.targets, "targets", [](std::string_view text) {
      return text.find('=') != text.npos ? absl::OkStatus()
                                         : absl::InvalidArgumentError("NAME=HOST:PORT");
    });
    parser_.AddInt("threads", &options_.threads, 1, 64, "threads");
    parser_.AddBool("docs", &options_.docs, "docs");
    parser_.AddBool("quiet", &options_.quiet, "quiet");
    parser_.AddDuration("info-delay", &options_.delay, "delay");
    parser_.AddDuration("fact-latency", &options_.latency, "latency");
    parser_.AddChoice("log-level", &options_.level, {"debug", "info"}, "level");
    parser_.AddChoice<Engine>("http-engine", &options_.engine,
                              {{"async", Engine::kAsync}, {"httplib", Engine::kHttplib}}, "engine");
    parser_.AddHostPort("listen", &options_.listen, "gRPC address");
    parser_.AddHostPort("admin", &options_.admin, "admin address");
    parser_.AddHostPortList("rest", &options_.rest, "REST").ValueIfBare("127.0.0.1:8080");
  }
  ~ConfigParserTest() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
    for (const std::string& path : files_) std::remove(path.c_str());
  }

  absl::StatusOr<bool> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "slipway-test");
    return parser_.Parse(static_cast<int>(arguments.size()), arguments.data());
  }
  std::string Failure(std::vector<const char*> arguments) {
    return std::string(Parse(std::move(arguments)).status().message());
  }
  void SetEnv(const std::string& name, const char* value) {
    setenv(name.c_str(), value, 1);
    set_.push_back(name);
  }
  std::string WriteFile(std::string_view yaml) {
    const std::string path = testing::TempDir() + "config_test_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name() +
                             ".yaml";
    std::ofstream(path) << yaml;
    files_.push_back(path);
    return path;
  }

  Options options_;
  ConfigParser parser_;

 private:
  std::vector<std::string> set_;
  std::vector<std::string> files_;
};

TEST_F(ConfigParserTest, NothingGivenLeavesDefaults) {
  ASSERT_TRUE(Parse({}).value());
  EXPECT_EQ(options_.log_dir, "logs");
  EXPECT_EQ(options_.threads, 4);
  EXPECT_EQ(options_.delay, absl::Seconds(5));
  EXPECT_THAT(options_.rest, IsEmpty());
}

TEST_F(ConfigParserTest, SwitchesInBothForms) {
  ASSERT_TRUE(Parse({"--log-dir", "/var/log", "--threads=8", "--info-delay", "1m30s",
                     "--fact-latency=250ms", "--log-level", "debug", "--http-engine=httplib",
                     "--listen", "[::1]:80", "--admin=off", "--docs", "--quiet=false"})
                  .value());
  EXPECT_EQ(options_.log_dir, "/var/log");
  EXPECT_EQ(options_.threads, 8);
  EXPECT_EQ(options_.delay, absl::Seconds(90));
  EXPECT_EQ(options_.latency, std::chrono::milliseconds(250));
  EXPECT_EQ(options_.level, "debug");
  EXPECT_EQ(options_.engine, Engine::kHttplib);
  EXPECT_EQ(options_.listen, (HostPort{"::1", 80}));
  EXPECT_FALSE(options_.admin.has_value());
  EXPECT_TRUE(options_.docs);
  EXPECT_FALSE(options_.quiet);
}

TEST_F(ConfigParserTest, EmptyValueAfterEqualsSign) {
  ASSERT_TRUE(Parse({"--log-dir=", "--docs"}).value());
  EXPECT_EQ(options_.log_dir, "");
  EXPECT_TRUE(options_.docs);
}

TEST_F(ConfigParserTest, OptionalValueRepeated) {
  ASSERT_TRUE(Parse({"--rest", "--rest", ":81", "--rest=h:82", "--docs"}).value());
  EXPECT_THAT(options_.rest,
              ElementsAre(HostPort{"127.0.0.1", 8080}, HostPort{"", 81}, HostPort{"h", 82}));
}

TEST_F(ConfigParserTest, ListSwitchIsRepeatedNotSplit) {
  ASSERT_TRUE(Parse({"--job-target", "a=h:1,h:2", "--job-target", "b=h:3"}).value());
  EXPECT_THAT(options_.targets, ElementsAre("a=h:1,h:2", "b=h:3"));
}

TEST_F(ConfigParserTest, LastOfARepeatedScalarCounts) {
  ASSERT_TRUE(Parse({"--threads", "2", "--threads", "3"}).value());
  EXPECT_EQ(options_.threads, 3);
}

TEST_F(ConfigParserTest, SwitchBeatsEnvironmentBeatsFile) {
  const std::string file =
      WriteFile("threads: 10\nlog-dir: file\nlog-level: debug\njob-target: [a=1, b=2]\n");
  SetEnv("SLIPWAY_THREADS", "20");
  SetEnv("SLIPWAY_LOG_DIR", "environment");
  SetEnv("SLIPWAY_JOB_TARGET", "c=3,d=4");
  ASSERT_TRUE(Parse({"--threads", "30", "--config", file.c_str()}).value());
  EXPECT_EQ(options_.threads, 30);
  EXPECT_EQ(options_.log_dir, "environment");
  EXPECT_EQ(options_.level, "debug");
  EXPECT_THAT(options_.targets, ElementsAre("c=3", "d=4"));
}

TEST_F(ConfigParserTest, FileFromEnvironment) {
  SetEnv("SLIPWAY_CONFIG", WriteFile("docs: true\nrest:\nlisten: ':1'\n").c_str());
  ASSERT_TRUE(Parse({}).value());
  EXPECT_TRUE(options_.docs);
  EXPECT_THAT(options_.rest, ElementsAre(HostPort{"127.0.0.1", 8080}));
  EXPECT_EQ(options_.listen, (HostPort{"", 1}));
}

TEST_F(ConfigParserTest, EmptyVariableIsNotSet) {
  SetEnv("SLIPWAY_THREADS", "");
  ASSERT_TRUE(Parse({}).value());
  EXPECT_EQ(options_.threads, 4);
}

TEST_F(ConfigParserTest, AllBadValuesAtOnce) {
  const std::string file = WriteFile("# comment\nlog-level: loud\nhttp_engine: async\n");
  SetEnv("SLIPWAY_DOCS", "maybe");
  const std::string failure =
      Failure({"--threads", "0", "--info-delay", "-1s", "--listen", "nowhere", "--thread=2",
               "--job-target", "x", "--fact-latency", "1us", "--config", file.c_str()});
  EXPECT_EQ(std::count(failure.begin(), failure.end(), '\n'), 8) << failure;
  for (const std::string& line : {
           std::string("--threads: \"0\" is not allowed: an integer from 1 to 64"),
           std::string("--info-delay: \"-1s\" is not allowed: a duration such as"),
           std::string("--fact-latency: \"1us\" is not allowed: a multiple of 1ms"),
           std::string("--listen: \"nowhere\" is not HOST:PORT"),
           std::string("--thread: unknown switch; did you mean --threads?"),
           std::string("--job-target: \"x\" is not allowed: NAME=HOST:PORT"),
           std::string("SLIPWAY_DOCS: \"maybe\" is not allowed: true or false"),
           file + ":2: log-level: \"loud\" is not allowed: one of debug, info",
           file + ":3: http_engine: unknown key; did you mean http-engine?",
       }) {
    EXPECT_THAT(failure, HasSubstr(line));
  }
}

TEST_F(ConfigParserTest, MissingValue) {
  EXPECT_EQ(Failure({"--threads", "--docs"}), "--threads: needs a value: N");
}

TEST_F(ConfigParserTest, UnknownSwitchFarFromAll) {
  EXPECT_EQ(Failure({"--frobnicate=3"}), "--frobnicate: unknown switch; see --help");
}

TEST_F(ConfigParserTest, DurationsOutOfRange) {
  for (const char* text : {"inf", "5", "1 s", "", "-0.1s", "400000h", "9223372036854775807h"}) {
    EXPECT_THAT(Failure({(std::string("--info-delay=") + text).c_str()}), HasSubstr("--info-delay"))
        << text;
  }
}

TEST_F(ConfigParserTest, NumbersOutOfRange) {
  for (const char* text : {"65", "1.5", "1x", "", "99999999999999999999"}) {
    const absl::StatusOr<bool> parsed = Parse({(std::string("--threads=") + text).c_str()});
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST_F(ConfigParserTest, FileThatIsMissingBrokenOrNoMap) {
  EXPECT_THAT(Failure({"--config", "/nonexistent.yaml"}), HasSubstr("\"/nonexistent.yaml\""));
}

TEST_F(ConfigParserTest, BrokenFileNamesTheLine) {
  EXPECT_THAT(Failure({"--config", WriteFile("a: [1,\nb: 2\n").c_str()}), HasSubstr("line "));
}

TEST_F(ConfigParserTest, FileThatIsNoMap) {
  EXPECT_THAT(Failure({"--config", WriteFile("- a\n- b\n").c_str()}), HasSubstr("YAML map"));
}

TEST_F(ConfigParserTest, FileWithDuplicateKeyAndWrongShapes) {
  const std::string file =
      WriteFile("threads: 2\nthreads: 3\nlog-dir: [a, b]\ndocs: {a: b}\nconfig: x.yaml\n");
  const std::string failure = Failure({"--config", file.c_str()});
  EXPECT_THAT(failure, HasSubstr(":2: threads: the key is given twice"));
  EXPECT_THAT(failure, HasSubstr(":3: log-dir: must be one value"));
  EXPECT_THAT(failure, HasSubstr(":4: docs: must be one value"));
  EXPECT_THAT(failure, HasSubstr(":5: config: unknown key"));
}

TEST_F(ConfigParserTest, PositionalsRefusedUnlessDeclared) {
  EXPECT_EQ(Failure({"stray"}), "unexpected argument \"stray\"");
}

TEST_F(ConfigParserTest, PositionalsBetweenSwitches) {
  std::vector<std::string> urls;
  parser_.AddPositionals(&urls, "URL…", "targets");
  ASSERT_TRUE(Parse({"http://a", "--threads", "2", "http://b", "--docs", "--", "-c"}).value());
  EXPECT_THAT(urls, ElementsAre("http://a", "http://b", "-c"));
  EXPECT_EQ(options_.threads, 2);
}

TEST_F(ConfigParserTest, HelpNamesEveryOptionAndWins) {
  testing::internal::CaptureStdout();
  const absl::StatusOr<bool> parsed = Parse({"--help", "--threads", "bad"});
  const std::string help = testing::internal::GetCapturedStdout();
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(*parsed);
  EXPECT_THAT(help, HasSubstr("--threads N"));
  EXPECT_THAT(help, HasSubstr("[4]"));
  EXPECT_THAT(help, HasSubstr("--rest[=HOST:PORT]"));
  EXPECT_THAT(help, HasSubstr("async|httplib"));
}

// `…` is one column and three bytes.
TEST_F(ConfigParserTest, HelpTextsStandInOneColumn) {
  std::vector<std::string> names;
  int64_t size = 0;
  ConfigParser parser("slipway-test", "Tests.");
  parser.AddStringList("name", &names, "the text of a list");
  parser.AddInt("size", &size, 0, 9, "the text of a number");
  testing::internal::CaptureStdout();
  const char* const arguments[] = {"slipway-test", "--help"};
  EXPECT_FALSE(parser.Parse(2, arguments).value());
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_THAT(help,
              HasSubstr("\n  --name TEXT…" + std::string(34 - 14, ' ') + "the text of a list"));
  EXPECT_THAT(help, HasSubstr("\n  --size N" + std::string(34 - 10, ' ') + "the text of a number"));
  EXPECT_THAT(help, HasSubstr("variable (--name: SLIPWAY_NAME, lists"));
}

TEST_F(ConfigParserTest, Version) {
  testing::internal::CaptureStdout();
  const absl::StatusOr<bool> parsed = Parse({"--version"});
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("slipway-test 0."));
  EXPECT_FALSE(parsed.value());
}

}  // namespace
}  // namespace slipway::base
