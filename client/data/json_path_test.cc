#include "client/data/json_path.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using testing::HasSubstr;

TEST(JsonPath, FindsWhatIsThere) {
  const auto document = ParseJson(R"({"a":{"b":[1,{"c":"x"}]},"d.e":null,"":2,"[":3})");
  ASSERT_TRUE(document.ok()) << document.status();
  const auto find = [&](std::string_view text) -> std::string {
    const auto path = JsonPath::Parse(text);
    if (!path.ok()) return std::string(path.status().message());
    const JsonValue* value = path->Find(*document);
    return value == nullptr ? "nothing" : *TextOf(*value);
  };
  EXPECT_EQ(find("a.b[0]"), "1");
  EXPECT_EQ(find("$.a.b[1].c"), "x");
  EXPECT_EQ(find("a[\"b\"][1]['c']"), "x");
  EXPECT_EQ(find("[\"d.e\"]"), "null");
  EXPECT_EQ(find("$[\"[\"]"), "3");
  EXPECT_EQ(find("$"), R"({"":2,"[":3,"a":{"b":[1,{"c":"x"}]},"d.e":null})");
  for (const char* none : {"a.b[2]", "a.c", "a.b.c", "a[0]", "a.b[0].c", "b"}) {
    EXPECT_EQ(find(none), "nothing") << none;
  }
  for (const char* wrong :
       {"", "a..b", "a.", ".a", "a[", "a[x]", "a[-1]", "a[1", "a[0]b", "$a", "a[99999999999]"}) {
    EXPECT_THAT(find(wrong), HasSubstr("is no path into JSON; allowed are")) << wrong;
  }
}

TEST(JsonValue, NumbersAreShortAndExact) {
  for (const char* text : {"0", "100000", "-1.5", "9007199254740991", "1e-07", "true", "null"}) {
    EXPECT_EQ(*TextOf(*ParseJson(text)), text);
  }
  EXPECT_FALSE(TextOf(*ParseJson("9007199254740992")).ok());
  EXPECT_FALSE(TextOf(*ParseJson("[1e300]")).ok());
  EXPECT_FALSE(ParseJson("").ok());
  EXPECT_FALSE(ParseJson("{\"a\":1} x").ok());
}

TEST(ParseJson, DepthIsBounded) {
  const std::string deep = std::string(32, '[') + std::string(32, ']');
  EXPECT_TRUE(ParseJson(deep).ok()) << ParseJson(deep).status();
  EXPECT_EQ(ParseJson("[" + deep + "]").status().message(), "nested deeper than 32");
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '[')).ok());
}

}  // namespace
}  // namespace slipway::client
