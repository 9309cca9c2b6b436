#include "client/engine/http1_request.h"

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(BuildHttp1Request, GetHasTheUsualHeaders) {
  const auto request = BuildHttp1Request("GET", "localhost:80", "/a?b=c", {}, "");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->bytes,
            "GET /a?b=c HTTP/1.1\r\nHost: localhost:80\r\nUser-Agent: slipway-load\r\n"
            "Accept: */*\r\n\r\n");
  EXPECT_FALSE(request->is_head);
}

TEST(BuildHttp1Request, BodyBringsLengthAndType) {
  const auto request = BuildHttp1Request("POST", "h", "/", {}, "{}");
  ASSERT_TRUE(request.ok());
  EXPECT_NE(request->bytes.find("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
            std::string::npos);
}

TEST(BuildHttp1Request, PostWithoutBodyHasLengthZero) {
  const auto request = BuildHttp1Request("POST", "h", "/", {}, "");
  ASSERT_TRUE(request.ok());
  EXPECT_NE(request->bytes.find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(BuildHttp1Request, GivenHeadersReplaceOurs) {
  const auto request = BuildHttp1Request(
      "POST", "h", "/", {{"host", "other"}, {"content-type", "text/plain"}, {"X-A", "1"}}, "x");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->bytes.find("Host: h"), std::string::npos);
  EXPECT_EQ(request->bytes.find("application/json"), std::string::npos);
  EXPECT_NE(request->bytes.find("host: other\r\n"), std::string::npos);
  EXPECT_NE(request->bytes.find("X-A: 1\r\n"), std::string::npos);
}

TEST(BuildHttp1Request, RefusesWhatCannotBeSent) {
  EXPECT_FALSE(BuildHttp1Request("GE T", "h", "/", {}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "", {}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "/a b", {}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "/a\r\nb", {}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "/", {{"a b", "c"}}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "/", {{"a", "b\r\nc: d"}}, "").ok());
  EXPECT_FALSE(BuildHttp1Request("GET", "h", "/", {{"Content-Length", "7"}}, "").ok());
}

}  // namespace
}  // namespace slipway::client
