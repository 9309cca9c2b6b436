#include "client/pace/closed_loop.h"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const rpc::Time kStart{std::chrono::hours(1)};

TEST(ClosedLoop, StartsWhenTheSlotIsFree) {
  ClosedLoop pacer({kStart, kStart + seconds(10)}, nullptr);
  const rpc::Time free = kStart + seconds(1);
  const std::optional<Due> due = pacer.Next(free, free + milliseconds(1));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->intended, free);
  EXPECT_EQ(due->start, free);
  EXPECT_TRUE(pacer.Next(kStart + seconds(9), kStart + seconds(9)));
  EXPECT_FALSE(pacer.Next(kStart + seconds(9), kStart + seconds(10)));
}

TEST(ClosedLoop, WarmUpDoesNotUseTheBudget) {
  RequestBudget budget(2, 1);
  ClosedLoop pacer({kStart, rpc::Time::max()}, &budget);
  const rpc::Time before = kStart - seconds(1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pacer.Next(before, before).has_value());
  EXPECT_TRUE(pacer.Next(kStart, kStart).has_value());
  EXPECT_TRUE(pacer.Next(kStart, kStart).has_value());
  EXPECT_FALSE(pacer.Next(kStart, kStart).has_value());
}

TEST(ClosedLoop, ThinksAsLongAsItWasTold) {
  EXPECT_EQ(ClosedLoop({kStart, kStart}, nullptr).Think(), rpc::Duration::zero());
  ClosedLoop pacer({kStart, kStart}, nullptr, {.think = milliseconds(30)}, 1, 0);
  EXPECT_EQ(pacer.Think(), milliseconds(30));
  EXPECT_EQ(pacer.Think(), milliseconds(30));
}

// The standard deviation of an exponential distribution is its mean: five standard errors.
TEST(ClosedLoop, RandomThinkTimesAreExponential) {
  constexpr uint64_t kSeed = 7;
  constexpr int kSamples = 40'000;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  ClosedLoop pacer({kStart, kStart}, nullptr, {.think = seconds(1), .random = true}, kSeed, 0);
  double sum = 0, squares = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double think = std::chrono::duration<double>(pacer.Think()).count();
    ASSERT_GE(think, 0);
    sum += think;
    squares += think * think;
  }
  EXPECT_NEAR(sum / kSamples, 1, 0.025);
  EXPECT_NEAR(squares / kSamples, 2, 0.12);
}

TEST(ClosedLoop, ThreadsThinkDifferently) {
  ClosedLoop one({kStart, kStart}, nullptr, {.think = seconds(1), .random = true}, 7, 0);
  ClosedLoop same({kStart, kStart}, nullptr, {.think = seconds(1), .random = true}, 7, 0);
  ClosedLoop other({kStart, kStart}, nullptr, {.think = seconds(1), .random = true}, 7, 1);
  const rpc::Duration think = one.Think();
  EXPECT_EQ(same.Think(), think);
  EXPECT_NE(other.Think(), think);
}

TEST(RequestBudget, ThreadsTakeExactlyAll) {
  constexpr int64_t kRequests = 100'003;
  RequestBudget budget(kRequests, 4);
  std::vector<int64_t> taken(4);
  std::vector<std::thread> threads;
  for (int64_t& sum : taken) {
    threads.emplace_back([&budget, &sum] {
      while (const int64_t lot = budget.Take()) sum += lot;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], kRequests);
}

TEST(RequestBudget, GivesNoMoreThanWanted) {
  RequestBudget budget(10, 1);
  EXPECT_EQ(budget.Take(3), 3);
  EXPECT_EQ(budget.Take(0), 0);
  EXPECT_EQ(budget.Take(100), 7);
  EXPECT_EQ(budget.Take(1), 0);
}

}  // namespace
}  // namespace slipway::client
