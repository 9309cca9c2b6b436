#include "client/pace/closed_loop.h"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::seconds;

const rpc::Time kStart{std::chrono::hours(1)};

TEST(ClosedLoop, StartsWhenTheSlotIsFree) {
  ClosedLoop pacer(kStart, kStart + seconds(10), nullptr);
  EXPECT_EQ(pacer.Next(kStart + seconds(1)), kStart + seconds(1));
  EXPECT_EQ(pacer.Next(kStart + seconds(9)), kStart + seconds(9));
  EXPECT_EQ(pacer.Next(kStart + seconds(10)), std::nullopt);
}

TEST(ClosedLoop, WarmUpDoesNotUseTheBudget) {
  RequestBudget budget(2, 1);
  ClosedLoop pacer(kStart, rpc::Time::max(), &budget);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pacer.Next(kStart - seconds(1)).has_value());
  EXPECT_TRUE(pacer.Next(kStart).has_value());
  EXPECT_TRUE(pacer.Next(kStart).has_value());
  EXPECT_FALSE(pacer.Next(kStart).has_value());
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

}  // namespace
}  // namespace slipway::client
