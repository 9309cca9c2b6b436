#include "base/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace slipway::base {
namespace {

constexpr Reason kAll[] = {
#define SLIPWAY_REASON_VALUE(name, text) Reason::name,
    SLIPWAY_REASONS(SLIPWAY_REASON_VALUE)
#undef SLIPWAY_REASON_VALUE
};

TEST(Reason, TravelsWithTheError) {
  for (const Reason reason : kAll) {
    const absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, reason, "text");
    EXPECT_EQ(ReasonOf(status), reason);
    EXPECT_EQ(status.message(), "text");
  }
}

TEST(Reason, NamesAreDistinctAndFitForLabels) {
  std::set<std::string_view> names;
  for (const Reason reason : kAll) {
    const std::string_view name = ReasonName(reason);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    })) << name;
  }
}

TEST(Reason, KnownName) { EXPECT_EQ(ReasonName(Reason::kBodyTooLarge), "body_too_large"); }

TEST(Reason, NoneWithoutOne) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), Reason::kNone);
  EXPECT_EQ(ReasonOf(absl::NotFoundError("x")), Reason::kNone);
}

}  // namespace
}  // namespace slipway::base
