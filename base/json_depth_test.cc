#include "base/json_depth.h"

#include <string>

#include <gtest/gtest.h>

namespace slipway::base {
namespace {

TEST(JsonDepth, CountsArraysAndObjects) {
  EXPECT_EQ(JsonDepth(""), 0);
  EXPECT_EQ(JsonDepth("1"), 0);
  EXPECT_EQ(JsonDepth(R"({"a":[1,{"b":2}],"c":[]})"), 3);
  EXPECT_EQ(JsonDepth(std::string(100'000, '[')), 100'000);
}

TEST(JsonDepth, BracketsInStringsDoNotCount) {
  EXPECT_EQ(JsonDepth(R"({"a":"[[[\"[[["})"), 1);
  EXPECT_EQ(JsonDepth(R"({'a':'[[["'})"), 1);
  EXPECT_EQ(JsonDepth(R"(["\\",[]])"), 2);
}

TEST(JsonDepth, UnbalancedTextHasSomeDepth) {
  EXPECT_EQ(JsonDepth("]]]["), 0);
  EXPECT_EQ(JsonDepth("\"\\"), 0);
}

}  // namespace
}  // namespace slipway::base
