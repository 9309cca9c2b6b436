#include "outbound/retry.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace slipway::outbound {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RetryPolicy, DoublesUpToTheLongest) {
  const RetryPolicy policy{.jitter = 0};
  absl::BitGen random;
  EXPECT_EQ(policy.Delay(1, random), milliseconds(100));
  EXPECT_EQ(policy.Delay(2, random), milliseconds(200));
  EXPECT_EQ(policy.Delay(5, random), milliseconds(1600));
  EXPECT_EQ(policy.Delay(6, random), seconds(2));
  EXPECT_EQ(policy.Delay(1'000'000, random), seconds(2));
}

TEST(RetryPolicy, JitterOnlyShortens) {
  const RetryPolicy policy;
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  rpc::Duration shortest = seconds(1);
  rpc::Duration longest{};
  for (int i = 0; i < 1000; ++i) {
    const rpc::Duration delay = policy.Delay(1, random);
    shortest = std::min(shortest, delay);
    longest = std::max(longest, delay);
  }
  EXPECT_GE(shortest, milliseconds(60));
  EXPECT_LE(longest, milliseconds(100));
  EXPECT_LT(shortest, longest);
}

TEST(ParseRetryAfter, Seconds) {
  const absl::Time now = absl::UnixEpoch();
  EXPECT_EQ(ParseRetryAfter("0", now), seconds(0));
  EXPECT_EQ(ParseRetryAfter(" 120 ", now), seconds(120));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999", now), std::chrono::hours(24 * 365));
}

TEST(ParseRetryAfter, Date) {
  const absl::Time now = absl::FromUnixSeconds(1445412470);  // 2015-10-21 07:27:50
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", now), seconds(10));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:27:00 GMT", now), seconds(0));
}

TEST(ParseRetryAfter, NeitherSecondsNorDate) {
  const absl::Time now = absl::UnixEpoch();
  for (const char* value : {"", "-1", "1.5", "soon", "0x10", "2015-10-21", "1 2"}) {
    EXPECT_EQ(ParseRetryAfter(value, now), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace slipway::outbound
