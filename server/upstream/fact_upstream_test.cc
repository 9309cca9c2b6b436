#include "server/upstream/fact_upstream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace slipway::server {
namespace {

absl::Status Parse(FactConfig& config, std::vector<const char*> arguments) {
  base::ConfigParser parser("test", "");
  config.Declare(parser);
  arguments.insert(arguments.begin(), "test");
  return parser.Parse(static_cast<int>(arguments.size()), arguments.data()).status();
}

TEST(FactConfig, ReadsItsSwitches) {
  FactConfig config;
  const absl::Status parsed =
      Parse(config, {"--fact-upstream", "https://facts.example/fact", "--fact-limit", "7",
                     "--fact-window", "2s", "--fact-latency", "50ms", "--fact-max", "9",
                     "--fact-limit-kind", "token-bucket"});
  ASSERT_TRUE(parsed.ok()) << parsed;
  EXPECT_EQ(config.upstream, "https://facts.example/fact");
  EXPECT_EQ(config.limit, 7);
  EXPECT_EQ(config.window, absl::Seconds(2));
  EXPECT_EQ(config.latency, absl::Milliseconds(50));
  EXPECT_EQ(config.max, 9);
  EXPECT_EQ(config.limit_kind, LimitKind::kTokenBucket);
}

TEST(FactConfig, NamesWhatIsWrong) {
  for (const char* upstream : {"cats", "ftp://x/", "http://", "/fact", ""}) {
    FactConfig config;
    const absl::Status parsed = Parse(config, {"--fact-upstream", upstream, "--fact-limit", "0"});
    const std::string message(parsed.message());
    EXPECT_NE(message.find("--fact-limit"), std::string::npos) << message;
    EXPECT_NE(message.find("--fact-upstream"), std::string::npos) << message;
    EXPECT_NE(message.find("http"), std::string::npos) << message;
  }
}

TEST(FactUpstream, DurationsOutOfRangeAreRefused) {
  base::Metrics metrics;
  for (const absl::Duration window :
       {absl::ZeroDuration(), absl::Hours(25), absl::InfiniteDuration()}) {
    FactConfig config;
    config.window = window;
    const auto started = FactUpstream::Start(config, metrics);
    EXPECT_EQ(started.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(started.status().message().find("--fact-window"), absl::string_view::npos);
  }
  FactConfig config;
  config.latency = absl::InfiniteDuration();
  const auto started = FactUpstream::Start(config, metrics);
  EXPECT_NE(started.status().message().find("--fact-latency"), absl::string_view::npos);
}

TEST(FactConfig, FaultsAreKindAndShare) {
  for (const char* wrong : {"", "500", "500=", "500=0", "500=1.1", "500=-1", "500=x", "500=nan",
                            "none=0.1", "=0.1", "rest=0.1"}) {
    FactConfig config;
    const absl::Status parsed = Parse(config, {"--fact-fault", wrong});
    EXPECT_NE(parsed.message().find("--fact-fault"), absl::string_view::npos) << wrong;
    EXPECT_NE(parsed.message().find("garbage"), absl::string_view::npos) << wrong;
  }
  FactConfig config;
  ASSERT_TRUE(Parse(config, {"--fact-fault", "500=0.9", "--fact-fault", "stall=0.1"}).ok());
  EXPECT_TRUE(config.Check().ok()) << config.Check();
  config.faults.push_back("429=0.1");
  EXPECT_NE(config.Check().message().find("1 at most"), absl::string_view::npos);
  config.faults = {"garbage=0.5"};
  config.upstream = "http://facts.example/fact";
  EXPECT_NE(config.Check().message().find("--fact-upstream"), absl::string_view::npos);
}

TEST(FactUpstream, ShowsItsUrlWithoutSecrets) {
  base::Metrics metrics;
  FactConfig config;
  config.upstream = "https://facts.example/fact?key=secret#secret";
  const auto started = FactUpstream::Start(config, metrics);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ((*started)->source().shown_url(), "\"https://facts.example:443/fact\"");
}

TEST(FactUpstream, TheEmbeddedOneIsAUrlLikeAnyOther) {
  base::Metrics metrics;
  const auto embedded = FactUpstream::Start({}, metrics);
  ASSERT_TRUE(embedded.ok()) << embedded.status();
  ASSERT_NE((*embedded)->embedded(), nullptr);
  EXPECT_NE((*embedded)->source().shown_url().find((*embedded)->embedded()->url()),
            std::string::npos);

  FactConfig config;
  config.upstream = (*embedded)->embedded()->url();
  const auto by_url = FactUpstream::Start(config, metrics);
  ASSERT_TRUE(by_url.ok()) << by_url.status();
  EXPECT_EQ((*by_url)->embedded(), nullptr);
}

}  // namespace
}  // namespace slipway::server
