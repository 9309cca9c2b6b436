#include "jobs/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_split.h"

namespace slipway::jobs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

absl::Status Parse(std::vector<const char*> switches, JobConfig* config) {
  base::ConfigParser parser("test", "Tests.");
  config->Declare(parser);
  switches.insert(switches.begin(), "test");
  const auto run = parser.Parse(static_cast<int>(switches.size()), switches.data());
  return run.ok() ? config->Check() : run.status();
}

TEST(JobConfig, Defaults) {
  JobConfig config;
  ASSERT_TRUE(Parse({}, &config).ok());
  EXPECT_THAT(config.ConcurrencyByKind(), ElementsAre());
  EXPECT_THAT(config.RetryCodes(),
              testing::UnorderedElementsAre(
                  absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted,
                  absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(config.queue_limit, 2'000'000);
  EXPECT_FALSE(config.list_public);
}

TEST(JobConfig, HelpSaysWhatATargetMayBe) {
  JobConfig config;
  base::ConfigParser parser("test", "Tests.");
  config.Declare(parser);
  EXPECT_THAT(parser.Help(), AllOf(HasSubstr("--job-target NAME=HOST:PORT[,HOST:PORT...]"),
                                   HasSubstr("grpcs://"), HasSubstr("?authorization=required")));
}

TEST(JobConfig, ConcurrencyOfAKindAndOfTheOthers) {
  JobConfig config;
  ASSERT_TRUE(Parse({"--job-concurrency", "greeting=3", "--job-concurrency", "7"}, &config).ok());
  EXPECT_THAT(config.ConcurrencyByKind(), ElementsAre(Pair("", 7), Pair("greeting", 3)));
}

TEST(JobConfig, BadValuesAreNamedWithWhatIsAllowed) {
  const std::vector<std::pair<std::vector<const char*>, std::vector<const char*>>> table = {
      {{"--job-concurrency", "0"}, {"--job-concurrency", "\"0\"", "1 to 10000"}},
      {{"--job-concurrency", "greeting="}, {"--job-concurrency", "KIND=N"}},
      {{"--job-concurrency", "nothing=3"}, {"\"nothing=3\"", "greeting, call"}},
      {{"--job-allow", "Method"}, {"--job-allow", "pkg.Service/Method"}},
      {{"--job-retry-codes", "OK"}, {"--job-retry-codes", "\"OK\"", "UNAVAILABLE"}},
      {{"--job-queue-limit", "0"}, {"--job-queue-limit"}},
      {{"--jobs-list", "all"}, {"--jobs-list", "own", "public"}},
      {{"--callback-allow", "10.0.0.0/99"}, {"--callback-allow", "10.0.0.0/99"}},
      {{"--job-lease", "1ms"}, {"--job-lease", "1ms", "100ms"}},
      {{"--job-attempt-timeout", "0"}, {"--job-attempt-timeout"}},
  };
  for (const auto& [switches, texts] : table) {
    JobConfig config;
    const absl::Status status = Parse(switches, &config);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << switches[1];
    for (const char* text : texts) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(text)) << switches[1];
    }
  }
}

TEST(JobConfig, AllBadValuesAreNamedAtOnce) {
  JobConfig config;
  const absl::Status status =
      Parse({"--job-attempt-timeout", "0", "--job-lease", "1ms", "--job-backoff", "0",
             "--callback-timeout", "0", "--job-allow", "Method", "--job-allow", "b"},
            &config);
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  EXPECT_THAT(lines, UnorderedElementsAre(
                         StartsWith("--job-attempt-timeout 0 "), StartsWith("--job-lease 1ms "),
                         StartsWith("--job-backoff 0 "), StartsWith("--callback-timeout 0 "),
                         StartsWith("--job-allow \"Method\""), StartsWith("--job-allow \"b\"")));
}

}  // namespace
}  // namespace slipway::jobs
