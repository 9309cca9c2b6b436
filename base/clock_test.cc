#include "base/clock.h"

#include <gtest/gtest.h>

namespace slipway::base {
namespace {

TEST(ManualWallClock, MovesOnlyWhenMoved) {
  ManualWallClock clock(absl::FromUnixSeconds(100));
  const WallClock& seen = clock;
  EXPECT_EQ(seen.Now(), absl::FromUnixSeconds(100));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(seen.Now(), absl::FromUnixSeconds(105));
  clock.Set(absl::FromUnixSeconds(7));
  EXPECT_EQ(seen.Now(), absl::FromUnixSeconds(7));
}

TEST(SystemWallClock, IsTheTimeOfDay) {
  const absl::Time before = absl::Now();
  EXPECT_GE(WallClock::System().Now(), before);
}

}  // namespace
}  // namespace slipway::base
