#include "jobs/work/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace slipway::jobs {
namespace {

TEST(Backoff, DoublesUpToItsBound) {
  const Backoff backoff;
  const int seconds[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (int attempt = 1; attempt <= 9; ++attempt) {
    const absl::Duration whole = absl::Seconds(seconds[attempt - 1]);
    EXPECT_EQ(BackoffWait(backoff, attempt, 1), whole) << attempt;
    EXPECT_EQ(BackoffWait(backoff, attempt, 0), whole / 2) << attempt;
    EXPECT_EQ(BackoffWait(backoff, attempt, 0.5), whole * 0.75) << attempt;
  }
}

TEST(Backoff, StaysAtItsBoundForAnyNumberOfAttempts) {
  EXPECT_EQ(BackoffWait(Backoff(), 100, 1), absl::Minutes(1));
  EXPECT_EQ(BackoffWait(Backoff(), std::numeric_limits<int>::max(), 1), absl::Minutes(1));
  const Backoff steep{absl::Nanoseconds(1), absl::Hours(24 * 365), 1e300};
  EXPECT_EQ(BackoffWait(steep, 100, 1), absl::Hours(24 * 365));
}

TEST(Backoff, FirstWaitIsBoundedToo) {
  EXPECT_EQ(BackoffWait({absl::Minutes(5), absl::Minutes(1), 2}, 1, 1), absl::Minutes(1));
}

TEST(Backoff, FactorOneKeepsTheFirstWait) {
  const Backoff even{absl::Seconds(3), absl::Minutes(1), 1};
  EXPECT_EQ(BackoffWait(even, std::numeric_limits<int>::max(), 1), absl::Seconds(3));
}

TEST(Backoff, AttemptsCountFromOne) {
  EXPECT_EQ(BackoffWait(Backoff(), 0, 1), absl::Seconds(1));
  EXPECT_EQ(BackoffWait(Backoff(), -7, 1), absl::Seconds(1));
}

TEST(Backoff, RandomOutsideItsRangeIsClamped) {
  EXPECT_EQ(BackoffWait(Backoff(), 1, 17), absl::Seconds(1));
  EXPECT_EQ(BackoffWait(Backoff(), 1, -17), absl::Seconds(0.5));
}

}  // namespace
}  // namespace slipway::jobs
