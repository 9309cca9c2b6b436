#include "gateway/config.h"

#include <chrono>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<bool> Read(std::vector<const char*> arguments, GatewayConfig* config) {
  arguments.insert(arguments.begin(), "slipway-gateway");
  return ReadGatewayConfig(static_cast<int>(arguments.size()), arguments.data(), config);
}

TEST(GatewayConfig, Defaults) {
  GatewayConfig config;
  ASSERT_TRUE(Read({"--backend", "127.0.0.1:50051"}, &config).ok());
  const EngineOptions engine = MakeEngineOptions(config.http, config.listen, config.threads);
  EXPECT_EQ(engine.listen, std::vector<std::string>{"127.0.0.1:8080"});
  EXPECT_EQ(engine.limits.head_deadline, std::chrono::seconds(10));
  EXPECT_EQ(engine.limits.max_body_bytes, 4u << 20);
  EXPECT_EQ(config.admin, (base::HostPort{"127.0.0.1", 9092}));
  EXPECT_EQ(config.http.engine, HttpEngineKind::kAsync);
  EXPECT_EQ(config.http.access_log, "off");
}

TEST(GatewayConfig, Values) {
  GatewayConfig config;
  ASSERT_TRUE(Read({"--backend", "grpc://a:1,b:2", "--listen", "127.0.0.1:1", "--listen", "[::1]:2",
                    "--http-engine", "httplib", "--workers", "3", "--idle-timeout", "1m",
                    "--unbound-methods", "--strict", "--auto-head", "--jobs-path", "/jobs"},
                   &config)
                  .ok());
  const EngineOptions engine = MakeEngineOptions(config.http, config.listen, config.threads);
  EXPECT_EQ(engine.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_EQ(engine.workers, 3);
  EXPECT_EQ(engine.limits.idle_timeout, std::chrono::minutes(1));
  const GatewayOptions gateway = MakeGatewayOptions(config.rest, config.unbound_methods);
  EXPECT_TRUE(gateway.routes.unbound_methods);
  EXPECT_TRUE(gateway.routes.strict);
  EXPECT_TRUE(gateway.auto_head);
  EXPECT_EQ(gateway.routes.jobs_path, "/jobs");
}

TEST(GatewayConfig, BackendIsNeeded) {
  GatewayConfig config;
  const auto read = Read({}, &config);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("--backend"));
}

TEST(GatewayConfig, AllMistakesAtOnce) {
  GatewayConfig config;
  const auto read = Read({"--backend", "http://x", "--workers", "0", "--http-engine", "fast",
                          "--jobs-path", "jobs/", "--error-format", "xml"},
                         &config);
  ASSERT_FALSE(read.ok());
  for (const char* part : {"backend", "workers", "http-engine", "jobs-path", "error-format"}) {
    EXPECT_THAT(std::string(read.status().message()), HasSubstr(part));
  }
}

}  // namespace
}  // namespace slipway::gateway
