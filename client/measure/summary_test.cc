#include "client/measure/summary.h"

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(Summarize, FindsTheMiddleAndTheEnds) {
  const std::optional<Summary> odd = Summarize({3, 1, 2});
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->median, 2);
  EXPECT_EQ(odd->min, 1);
  EXPECT_EQ(odd->max, 3);
  EXPECT_EQ(Summarize({4, 1, 2, 3})->median, 2.5);
  EXPECT_EQ(Summarize({7})->median, 7);
  EXPECT_FALSE(Summarize({}).has_value());
}

}  // namespace
}  // namespace slipway::client
