#include "gateway/http/access_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::HasSubstr;

ExchangeRecord Answered() {
  return {.peer = "127.0.0.1:5000",
          .method = "GET",
          .target = "/users/1",
          .route = "/users/{id}",
          .correlation_id = "abc",
          .status = 200,
          .bytes = 34,
          .elapsed = std::chrono::microseconds(153)};
}

TEST(AccessLine, AllFields) {
  std::string line;
  AppendAccessLine(Answered(), absl::FromUnixMicros(1795272600000042), &line);
  EXPECT_EQ(line,
            "2026-11-21T14:50:00.000042Z 127.0.0.1:5000 \"GET /users/1\" 200 34 153 abc "
            "/users/{id} -");
}

TEST(AccessLine, WhatIsMissingIsADash) {
  std::string line;
  AppendAccessLine({.status = 400, .reason = "bad_framing"}, absl::UnixEpoch(), &line);
  EXPECT_EQ(line, "1970-01-01T00:00:00.000000Z - \" \" 400 0 0 - - bad_framing");
}

TEST(AccessLine, RequestCannotForgeALine) {
  ExchangeRecord record = Answered();
  record.target = "/a\" 200\n\\\xff";
  std::string line;
  AppendAccessLine(record, absl::UnixEpoch(), &line);
  EXPECT_THAT(line, HasSubstr(R"("GET /a\" 200\x0a\\\xff")"));
}

TEST(AccessLog, CountsByRouteMethodAndCode) {
  base::Metrics metrics;
  AccessLog log(metrics, nullptr);
  ExchangeRecord record = Answered();
  log.Record(record);
  log.Record(record);
  record.method = "BREW";
  record.route = {};
  record.status = 404;
  log.Record(record);
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("slipway_http_requests_total{code=\"200\",method=\"GET\","
                              "route=\"/users/{id}\"} 2"));
  EXPECT_THAT(text, HasSubstr("slipway_http_requests_total{code=\"404\",method=\"other\","
                              "route=\"unmatched\"} 1"));
  EXPECT_THAT(text, HasSubstr("slipway_http_request_seconds_count{route=\"/users/{id}\"} 2"));
}

TEST(AccessLog, CountsRefusalsAndConnections) {
  base::Metrics metrics;
  AccessLog log(metrics, nullptr);
  log.Record({.status = 431, .reason = "head_too_large"});
  log.ConnectionOpened();
  log.ConnectionOpened();
  log.ConnectionClosed();
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("slipway_http_rejected_total{reason=\"head_too_large\"} 1"));
  EXPECT_THAT(text, HasSubstr("slipway_http_connections 1"));
  EXPECT_THAT(text, HasSubstr("slipway_http_connections_total 2"));
}

TEST(AccessLog, SeriesBelongToTheirMetrics) {
  base::Metrics first;
  base::Metrics second;
  AccessLog(first, nullptr).Record(Answered());
  AccessLog(second, nullptr).Record(Answered());
  EXPECT_THAT(second.Serialize(), HasSubstr("route=\"/users/{id}\"} 1"));
}

TEST(AccessLog, WritesLines) {
  const std::string path = ::testing::TempDir() + "/access_log_test.log";
  std::remove(path.c_str());
  {
    auto file = base::LineFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    base::Metrics metrics;
    AccessLog log(metrics, file->get());
    log.Record(Answered());
    log.Record(Answered());
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string lines = text.str();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(lines, HasSubstr("\"GET /users/1\" 200 34 "));
}

}  // namespace
}  // namespace slipway::gateway
