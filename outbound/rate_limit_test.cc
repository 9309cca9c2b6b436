#include "outbound/rate_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

namespace slipway::outbound {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A limit of 10 in windows of 2 s, and a clock.
class FixedWindowTest : public testing::Test {
 protected:
  std::vector<Permit> TakeAll() {
    std::vector<Permit> permits;
    while (limit_.Available(now_) > 0) permits.push_back(limit_.Take(now_));
    return permits;
  }
  void Pass(rpc::Duration duration) { now_ += duration; }

  FixedWindow limit_{FixedWindow::Options(10, seconds(2))};
  rpc::Time now_{seconds(1000)};
};

TEST_F(FixedWindowTest, GivesTheLimitAndNoMore) {
  EXPECT_EQ(TakeAll().size(), 10u);
  EXPECT_EQ(limit_.Reason(now_), WaitReason::kWindow);
}

TEST_F(FixedWindowTest, LastsAWindowFromTheFirstAnswer) {
  const auto permits = TakeAll();
  Pass(milliseconds(40));
  limit_.Answered(permits[3], now_);
  Pass(milliseconds(10));
  limit_.Answered(permits[0], now_);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ - milliseconds(10) + seconds(2));
  Pass(seconds(2) - milliseconds(11));
  EXPECT_EQ(TakeAll().size(), 0u);
  Pass(milliseconds(1));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, ASlowFirstAnswerPutsTheEndOffByTheMarginAtMost) {
  TakeAll();
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + seconds(2));  // an answer may yet come
  Pass(seconds(2));
  EXPECT_EQ(TakeAll().size(), 0u);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(100));
  Pass(milliseconds(100));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, IsQuietWhereTheUpstreamsNextWindowMightBegin) {
  const Permit permit = limit_.Take(now_);
  Pass(milliseconds(50));
  limit_.Answered(permit, now_);
  Pass(seconds(2) - milliseconds(50) - milliseconds(21));
  EXPECT_EQ(limit_.Available(now_), 9);
  Pass(milliseconds(1));
  EXPECT_EQ(limit_.Available(now_), 0);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(70));
  Pass(milliseconds(70));
  EXPECT_EQ(limit_.Available(now_), 10);
}

TEST_F(FixedWindowTest, RequestsThatDidNotWaitInTheQuietPartCountInTheNextWindow) {
  const Permit permit = limit_.Take(now_);
  limit_.Answered(permit, now_);
  Pass(milliseconds(1990));
  for (int i = 0; i < 3; ++i) limit_.Take(now_);
  Pass(milliseconds(10));
  EXPECT_EQ(TakeAll().size(), 7u);
  Pass(seconds(4));
  EXPECT_EQ(TakeAll().size(), 10u) << "of a window that is long over";
}

TEST_F(FixedWindowTest, OpensWithItsFirstPermit) {
  Pass(seconds(100));
  const Permit permit = limit_.Take(now_);
  limit_.Answered(permit, now_);
  Pass(milliseconds(1900));
  EXPECT_EQ(limit_.Available(now_), 9);
}

TEST_F(FixedWindowTest, ReturnedPermitsAreGivenAgainInTheSameWindowOnly) {
  auto permits = TakeAll();
  limit_.Answered(permits[0], now_);
  limit_.Return(permits[9], now_);
  EXPECT_EQ(limit_.Available(now_), 1);
  Pass(seconds(2));
  EXPECT_EQ(TakeAll().size(), 10u);
  limit_.Return(permits[8], now_);
  EXPECT_EQ(limit_.Available(now_), 0);
}

TEST_F(FixedWindowTest, APermitIsValidInItsWindowOnly) {
  const auto permits = TakeAll();
  limit_.Answered(permits[0], now_);
  EXPECT_TRUE(limit_.Valid(permits[1], now_));
  Pass(milliseconds(1985));
  EXPECT_FALSE(limit_.Valid(permits[1], now_));
  Pass(milliseconds(15));
  limit_.Take(now_);
  EXPECT_FALSE(limit_.Valid(permits[1], now_));
}

TEST_F(FixedWindowTest, ARefusalStopsAllUntilTheTimeThatTheUpstreamSaid) {
  const Permit permit = limit_.Take(now_);
  const Permit other = limit_.Take(now_);
  limit_.Refused(permit, now_, seconds(5));
  EXPECT_EQ(limit_.Available(now_), 0);
  EXPECT_FALSE(limit_.Valid(other, now_));
  EXPECT_EQ(limit_.Reason(now_), WaitReason::kRefused);
  limit_.Refused(permit, now_, seconds(1));  // the longest counts
  Pass(milliseconds(4999));
  EXPECT_EQ(limit_.Available(now_), 0);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(1));
  Pass(milliseconds(1));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, ARefusalForLessThanTheWindowEndsIt) {
  const auto permits = TakeAll();
  limit_.Answered(permits[0], now_);
  for (int i = 1; i < 10; ++i) limit_.Refused(permits[i], now_, milliseconds(500));
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(500));
  Pass(milliseconds(499));
  EXPECT_EQ(limit_.Available(now_), 0);
  Pass(milliseconds(1));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, WhatIsServedAfterARefusalEndsIt) {
  const Permit refused = limit_.Take(now_);
  const Permit on_its_way = limit_.Take(now_);
  limit_.Refused(refused, now_, std::chrono::hours(24));
  limit_.Served(on_its_way, now_);
  EXPECT_EQ(limit_.Available(now_), 0) << "sent before the refusal: it says nothing";
  Pass(seconds(30));
  const Permit anyway = limit_.Take(now_);
  limit_.Answered(anyway, now_);
  EXPECT_EQ(limit_.Available(now_), 0) << "an error does not say that the limit is kept";
  limit_.Served(anyway, now_);
  EXPECT_EQ(TakeAll().size(), 9u);
  EXPECT_EQ(limit_.Reason(now_), WaitReason::kWindow);
}

TEST_F(FixedWindowTest, ARefusalThatComesAWindowLateDoesNotForgetWhatThisOneHasUsed) {
  const auto permits = TakeAll();
  limit_.Answered(permits[0], now_);
  Pass(seconds(2));
  for (int i = 0; i < 6; ++i) limit_.Answered(limit_.Take(now_), now_);
  limit_.Refused(permits[9], now_, seconds(1));
  EXPECT_EQ(limit_.Available(now_), 0);
  Pass(seconds(1));
  EXPECT_EQ(limit_.Available(now_), 4);
}

TEST_F(FixedWindowTest, RefusalsThatSayNoTimeDoNotPutOffTheEnd) {
  const auto permits = TakeAll();
  limit_.Answered(permits[0], now_);
  for (const Permit& permit : permits) limit_.Refused(permit, now_, std::nullopt);
  Pass(seconds(1));
  limit_.Refused(limit_.Take(now_), now_, std::nullopt);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + seconds(1));
  Pass(seconds(1));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, ALateOneThatIsReturnedCountsNowhere) {
  limit_.Answered(limit_.Take(now_), now_);
  Pass(milliseconds(1990));
  limit_.Return(limit_.Take(now_), now_);
  Pass(milliseconds(10));
  EXPECT_EQ(TakeAll().size(), 10u);
}

TEST_F(FixedWindowTest, ARefusalThatSaysNoTimeEndsTheWindow) {
  const Permit permit = limit_.Take(now_);
  limit_.Answered(permit, now_);
  Pass(milliseconds(500));
  limit_.Refused(permit, now_, std::nullopt);
  Pass(milliseconds(1499));
  EXPECT_EQ(limit_.Available(now_), 0);
  Pass(milliseconds(1));
  EXPECT_EQ(limit_.Available(now_), 10);
}

TEST_F(FixedWindowTest, RefusedRequestsThatDidNotWaitCountInNoLaterWindow) {
  const Permit permit = limit_.Take(now_);
  limit_.Refused(permit, now_, seconds(3));
  Pass(milliseconds(2990));
  for (int i = 0; i < 50; ++i) {
    const Permit anyway = limit_.Take(now_);
    limit_.Refused(anyway, now_, milliseconds(10));
  }
  Pass(milliseconds(10));
  EXPECT_EQ(limit_.Available(now_), 10);
}

TEST_F(FixedWindowTest, LooksAgainLaterThanNowWheneverNothingIsAvailable) {
  // Any order of events: who waits must neither spin nor sleep for ever.
  unsigned state = 1;
  Permit last;
  for (int i = 0; i < 100'000; ++i) {
    state = state * 1664525 + 1013904223;
    switch ((state >> 24) % 7) {
      case 0:
        last = limit_.Take(now_);
        break;
      case 1:
        limit_.Answered(last, now_);
        break;
      case 2:
        if (i % 50 == 0) limit_.Refused(last, now_, milliseconds((state >> 8) % 3000));
        break;
      case 3:
        limit_.Return(last, now_);
        break;
      case 4:
        limit_.Served(last, now_);
        break;
      default:
        Pass(milliseconds((state >> 8) % 100));
    }
    if (limit_.Available(now_) > 0) continue;
    ASSERT_GT(limit_.LookAgainAt(now_), now_) << i;
    ASSERT_LE(limit_.LookAgainAt(now_), now_ + seconds(6)) << i;
  }
}

/// 10 a second, 5 at once.
class TokenBucketTest : public testing::Test {
 protected:
  int TakeAll() {
    int taken = 0;
    for (; limit_.Available(now_) > 0; ++taken) limit_.Take(now_);
    return taken;
  }

  TokenBucket limit_{{.limit = 10, .window = seconds(1), .burst = 5}};
  rpc::Time now_{seconds(1000)};
};

TEST_F(TokenBucketTest, ABurstThenEvenly) {
  EXPECT_EQ(TakeAll(), 5);
  for (int i = 0; i < 100; ++i) {
    const rpc::Time next = limit_.LookAgainAt(now_);
    EXPECT_EQ(next, now_ + milliseconds(100));
    now_ = next - milliseconds(1);
    EXPECT_EQ(TakeAll(), 0);
    now_ = next;
    EXPECT_EQ(TakeAll(), 1);
  }
}

TEST_F(TokenBucketTest, FillsUpToTheBurst) {
  TakeAll();
  now_ += std::chrono::hours(1);
  EXPECT_EQ(TakeAll(), 5);
}

TEST_F(TokenBucketTest, WhatIsTakenAnywayIsMissingLater) {
  TakeAll();
  limit_.Take(now_);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(200));
  for (int i = 0; i < 1000; ++i) limit_.Take(now_);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(600)) << "the debt is at most a burst";
}

TEST_F(TokenBucketTest, ReturnedTokensAreGivenAgain) {
  TakeAll();
  limit_.Return({}, now_);
  EXPECT_EQ(TakeAll(), 1);
}

TEST_F(TokenBucketTest, ARefusalEmptiesItUntilTheTimeThatTheUpstreamSaid) {
  limit_.Refused({}, now_, seconds(2));
  EXPECT_EQ(limit_.Reason(now_), WaitReason::kRefused);
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + seconds(2));
  now_ += milliseconds(1999);
  EXPECT_EQ(TakeAll(), 0);
  now_ += milliseconds(1);
  EXPECT_EQ(TakeAll(), 5);
}

TEST_F(TokenBucketTest, ARefusalForLessThanATokenTakesIsOverWhenTheUpstreamSaid) {
  TakeAll();
  limit_.Refused({}, now_, milliseconds(30));
  EXPECT_EQ(limit_.LookAgainAt(now_), now_ + milliseconds(30));
  now_ += milliseconds(30);
  EXPECT_EQ(TakeAll(), 1);
}

TEST_F(TokenBucketTest, WhatIsServedAfterARefusalEndsIt) {
  const Permit before = limit_.Take(now_);
  limit_.Refused(before, now_, std::chrono::hours(24));
  now_ += seconds(1);
  const Permit after = limit_.Take(now_);
  limit_.Served(before, now_);
  EXPECT_EQ(TakeAll(), 0);
  limit_.Served(after, now_);
  now_ += seconds(1);
  EXPECT_GT(limit_.Available(now_), 0);
}

}  // namespace
}  // namespace slipway::outbound
