#include "base/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <string>

namespace slipway::base {
namespace {

using ::testing::HasSubstr;

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() : server_(metrics_) {}
  void Start() { ASSERT_TRUE(server_.Start("127.0.0.1:0").ok()); }
  httplib::Result Get(const std::string& path) {
    httplib::Client client("127.0.0.1", server_.port());
    return client.Get(path);
  }

  Metrics metrics_;
  AdminServer server_;
};

TEST_F(AdminServerTest, HealthReadinessMetrics) {
  std::atomic<bool> ready = false;
  server_.SetReadiness(
      [&] { return ready ? absl::OkStatus() : absl::UnavailableError("backend not connected"); });
  metrics_.GetCounter("slipway_x_total", "X.").Increment();
  Start();
  ASSERT_TRUE(Get("/healthz"));
  EXPECT_EQ(Get("/healthz")->status, 200);
  EXPECT_EQ(Get("/healthz")->body, "ok\n");
  EXPECT_EQ(Get("/readyz")->status, 503);
  EXPECT_EQ(Get("/readyz")->body, "backend not connected\n");
  ready = true;
  EXPECT_EQ(Get("/readyz")->status, 200);
  EXPECT_THAT(Get("/metrics")->body, HasSubstr("slipway_x_total 1\n"));
  EXPECT_THAT(Get("/metrics")->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
}

TEST_F(AdminServerTest, NotReadyUntilToldSo) {
  Start();
  EXPECT_EQ(Get("/readyz")->status, 503);
}

TEST_F(AdminServerTest, PagesAddedWhileServing) {
  Start();
  EXPECT_EQ(Get("/routes")->status, 404);
  server_.AddPage("/routes", [](const AdminRequest& request) {
    const auto found = request.query.find("q");
    return AdminReply{.status = 203, .body = found == request.query.end() ? "" : found->second};
  });
  EXPECT_EQ(Get("/routes?q=a%20b")->status, 203);
  EXPECT_EQ(Get("/routes?q=a%20b")->body, "a b");
  EXPECT_THAT(Get("/")->body, HasSubstr("<a href=\"/routes\">"));
}

TEST_F(AdminServerTest, OtherMethodsRefused) {
  Start();
  httplib::Client client("127.0.0.1", server_.port());
  const httplib::Result result = client.Post("/healthz", "x", "text/plain");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 405);
  EXPECT_EQ(result->get_header_value("Allow"), "GET, HEAD");
}

TEST_F(AdminServerTest, HeadHasNoBody) {
  Start();
  httplib::Client client("127.0.0.1", server_.port());
  const httplib::Result result = client.Head("/healthz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "");
}

TEST_F(AdminServerTest, SecondInstanceFailsAndNamesThePort) {
  Start();
  Metrics metrics;
  AdminServer second(metrics);
  const std::string address = "127.0.0.1:" + std::to_string(server_.port());
  const absl::Status started = second.Start(address);
  EXPECT_EQ(started.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(started.message(), "admin: cannot listen on " + address + ": Address already in use");
}

TEST_F(AdminServerTest, BadAddress) {
  EXPECT_EQ(server_.Start("nowhere").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AdminServerTest, StopRightAfterStartAndTwice) {
  Start();
  server_.Stop();
  server_.Stop();
  EXPECT_FALSE(Get("/healthz"));
}

TEST_F(AdminServerTest, PortIsFreeAfterStop) {
  Start();
  const std::string address = "127.0.0.1:" + std::to_string(server_.port());
  ASSERT_TRUE(Get("/healthz"));
  server_.Stop();
  AdminServer second(metrics_);
  EXPECT_TRUE(second.Start(address).ok());
}

}  // namespace
}  // namespace slipway::base
