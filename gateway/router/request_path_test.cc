#include "gateway/router/request_path.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Segments(std::string_view raw) {
  RequestPath path;
  EXPECT_TRUE(path.Parse(raw).ok()) << raw;
  return {path.segments().begin(), path.segments().end()};
}

TEST(RequestPath, NothingIsNormalised) {
  EXPECT_THAT(Segments("/"), ElementsAre(""));
  EXPECT_THAT(Segments("/a/b"), ElementsAre("a", "b"));
  EXPECT_THAT(Segments("/a//b/"), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(Segments("/a/../b"), ElementsAre("a", "..", "b"));
}

TEST(RequestPath, DecodesOnceBeforeSplitting) {
  EXPECT_THAT(Segments("/a%2Fb/%7Bc%7d"), ElementsAre("a", "b", "{c}"));
  EXPECT_THAT(Segments("/a%252Fb"), ElementsAre("a%2Fb"));
  EXPECT_THAT(Segments("/a+b%20c"), ElementsAre("a+b c"));
}

TEST(RequestPath, RefusesInEveryMode) {
  for (const char* raw :
       {"", "*", "a/b", "/%", "/%2", "/%zz", "/%u0041", "/%00", "/a%0ab", "/%7f", "/a\tb"}) {
    EXPECT_EQ(RequestPath().Parse(raw).code(), absl::StatusCode::kInvalidArgument) << raw;
  }
}

TEST(RequestPath, RefusesStrictly) {
  for (const char* raw : {"/%c0%ae", "/%ff", "/%ed%a0%80", "/a/../b", "/%2e%2E/b", "/./b", "//",
                          "/a//b", "/a%2fb", "/a%5cb", "/a\\b"}) {
    EXPECT_TRUE(RequestPath().Parse(raw, false).ok()) << raw;
    EXPECT_FALSE(RequestPath().Parse(raw, true).ok()) << raw;
  }
  EXPECT_TRUE(RequestPath().Parse("/%C3%A4/%e2%82%ac/%F0%9F%9A%A2/", true).ok());
}

}  // namespace
}  // namespace slipway::gateway
