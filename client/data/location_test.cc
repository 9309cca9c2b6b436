#include "client/data/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using testing::HasSubstr;

std::string Resolve(std::string_view location, std::string_view base = "/b/c/d?q",
                    std::string_view origin = "http://a:8080") {
  const auto path = ResolveLocation(location, base, origin);
  return path.ok() ? *path : std::string(path.status().message());
}

TEST(ResolveLocation, PathsOfThisServer) {
  EXPECT_EQ(Resolve("/v1/jobs/1?x=1#f"), "/v1/jobs/1?x=1");
  EXPECT_EQ(Resolve("http://a:8080/x?y"), "/x?y");
  EXPECT_EQ(Resolve("HTTP://A:8080"), "/");
  EXPECT_EQ(Resolve("http://a:8080?x"), "/?x");
  EXPECT_EQ(Resolve("//a:8080/x"), "/x");
  EXPECT_EQ(Resolve("http://a/x", "/", "http://a:80"), "/x");
  EXPECT_EQ(Resolve("https://a:443/x", "/", "https://a"), "/x");
}

// RFC 3986, 5.4, as far as it is about paths.
TEST(ResolveLocation, RelativeReferences) {
  EXPECT_EQ(Resolve("g"), "/b/c/g");
  EXPECT_EQ(Resolve("./g"), "/b/c/g");
  EXPECT_EQ(Resolve("g/"), "/b/c/g/");
  EXPECT_EQ(Resolve("?y"), "/b/c/d?y");
  EXPECT_EQ(Resolve("g?y/../x"), "/b/c/g?y/../x");
  EXPECT_EQ(Resolve(""), "/b/c/d?q");
  EXPECT_EQ(Resolve("."), "/b/c/");
  EXPECT_EQ(Resolve(".."), "/b/");
  EXPECT_EQ(Resolve("../g"), "/b/g");
  EXPECT_EQ(Resolve("../../../g"), "/g");
  EXPECT_EQ(Resolve("/./g"), "/g");
  EXPECT_EQ(Resolve("g..;x=1/../y"), "/b/c/y");
}

TEST(ResolveLocation, OtherServersAreNamed) {
  for (const char* other : {"http://b:8080/x", "https://a:8080/x", "http://a:80801/x", "//b/x",
                            "http://a:8080@b/x", "mailto:a"}) {
    EXPECT_THAT(Resolve(other), HasSubstr(std::string("the Location ") + other)) << other;
  }
  EXPECT_THAT(Resolve("http://a/x", "/", ""), HasSubstr("is not on this server"));
  EXPECT_THAT(Resolve("//a/x", "/", ""), HasSubstr("is not on this server"));
}

TEST(RetryAfter, SecondsOrDate) {
  const absl::Time now = absl::FromUnixSeconds(784111777);  // the example of RFC 9110, 5.6.7
  const auto wait = [now](const std::string& value) { return RetryAfter(&value, now); };
  EXPECT_EQ(RetryAfter(nullptr, now), absl::Seconds(1));
  EXPECT_EQ(wait("0"), absl::ZeroDuration());
  EXPECT_EQ(wait(" 7 "), absl::Seconds(7));
  EXPECT_EQ(wait("99999999999999999999"), absl::Hours(24));
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:40 GMT"), absl::Seconds(3));
  EXPECT_EQ(wait("Sunday, 06-Nov-94 08:49:40 GMT"), absl::Seconds(3));
  EXPECT_EQ(wait("Sun Nov  6 08:49:40 1994"), absl::Seconds(3));
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:30 GMT"), absl::ZeroDuration());
  for (const char* other : {"", "soon", "-1", "1.5"}) {
    EXPECT_EQ(wait(other), absl::Seconds(1)) << other;
  }
}

}  // namespace
}  // namespace slipway::client
