#include "client/run/target.h"

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(ParseTarget, Http) {
  const auto target = ParseTarget("http://localhost:8080/users?role=sales#top");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->scheme, Scheme::kHttp);
  EXPECT_EQ(target->host, "localhost");
  EXPECT_EQ(target->port, 8080);
  EXPECT_EQ(target->authority, "localhost:8080");
  EXPECT_EQ(target->path, "/users?role=sales");
  EXPECT_FALSE(target->tls);
}

TEST(ParseTarget, HttpDefaults) {
  for (const char* url : {"http://example.org", "HTTP://example.org/"}) {
    const auto target = ParseTarget(url);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(target->port, 80);
    EXPECT_EQ(target->path, "/");
    EXPECT_EQ(target->authority, "example.org");
  }
  EXPECT_EQ(ParseTarget("http://h?a=b")->path, "/?a=b");
}

TEST(ParseTarget, IPv6) {
  const auto target = ParseTarget("http://[::1]:8080/");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->host, "::1");
  EXPECT_EQ(target->authority, "[::1]:8080");
  EXPECT_EQ(ParseTarget("http://[::1]/")->port, 80);
}

TEST(ParseTarget, Grpc) {
  const auto target = ParseTarget("grpcs://127.0.0.1:50051/docking.v1.Info/GetIndex");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->scheme, Scheme::kGrpc);
  EXPECT_TRUE(target->tls);
  EXPECT_EQ(target->path, "/docking.v1.Info/GetIndex");
}

TEST(ParseTarget, HttpsAndH2c) {
  const auto https = ParseTarget("https://example.org/a");
  ASSERT_TRUE(https.ok()) << https.status();
  EXPECT_EQ(https->scheme, Scheme::kHttp);
  EXPECT_TRUE(https->tls);
  EXPECT_EQ(https->port, 443);
  EXPECT_EQ(https->authority, "example.org");
  const auto h2c = ParseTarget("h2c://example.org");
  ASSERT_TRUE(h2c.ok()) << h2c.status();
  EXPECT_EQ(h2c->scheme, Scheme::kH2c);
  EXPECT_FALSE(h2c->tls);
  EXPECT_EQ(h2c->port, 80);
}

TEST(ParseTarget, TemplatesMayHoldAnything) {
  const auto target = ParseTarget("http://h/{{random 1 5}}/{{choose a#b c}}?q={{url name}}#top");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->path, "/{{random 1 5}}/{{choose a#b c}}?q={{url name}}");
  EXPECT_FALSE(ParseTarget("http://h/{{random 1 5}}/a b").ok());
}

TEST(ParseOrigin, NeedsNoPath) {
  const auto origin = ParseOrigin("grpc://h:1");
  ASSERT_TRUE(origin.ok()) << origin.status();
  EXPECT_EQ(origin->port, 1);
  EXPECT_EQ(origin->path, "");
  EXPECT_FALSE(ParseOrigin("grpc://h").ok());
}

TEST(ParseTarget, SaysWhatIsWrong) {
  const struct {
    const char* url;
    const char* what;
  } kCases[] = {
      {"localhost:8080", "no scheme"},    {"ftp://h/", "unknown scheme"},
      {"http:///path", "HOST:PORT"},      {"http://h:99999/", "HOST:PORT"},
      {"http://h:0/", "HOST:PORT"},       {"http://me@h/", "user name"},
      {"http://h/a b", "white space"},    {"grpc://h/pkg.S/M", "no port"},
      {"grpc://h:1", "no method"},        {"grpc://h:1/pkg.S", "no method"},
      {"grpc://h:1/pkg.S/", "no method"}, {"grpc://h:1/pkg.S/M/x", "no method"},
  };
  for (const auto& c : kCases) {
    const auto target = ParseTarget(c.url);
    ASSERT_FALSE(target.ok()) << c.url;
    EXPECT_NE(target.status().message().find(c.what), absl::string_view::npos)
        << target.status() << " for " << c.url;
    EXPECT_NE(target.status().message().find(c.url), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace slipway::client
