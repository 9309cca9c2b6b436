#include "schema/json.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

/// A map of 64 members, in an order of its own for each turn.
std::string Labels(int turn) {
  std::string json;
  for (int i = 0; i < 64; ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",", "\"", (i * 7 + turn) % 64, "\":\"x\"");
  }
  return absl::StrCat("{\"labels\":{", json, "}}");
}

TEST(WireFromJson, EqualMessagesHaveEqualBytes) {
  std::set<std::string> seen;
  for (int turn = 0; turn < 8; ++turn) {
    seen.insert(*WireFromJson(testing::EverythingType(), Labels(turn)));
  }
  EXPECT_EQ(seen.size(), 1u);
}

}  // namespace
}  // namespace slipway::schema
