#include "base/permit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::base {
namespace {

TEST(PermitPool, RefusesAboveTheLimit) {
  PermitPool pool(2);
  std::optional<Permit> first = pool.TryAcquire();
  std::optional<Permit> second = pool.TryAcquire();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_FALSE(pool.TryAcquire().has_value());
  EXPECT_EQ(pool.in_use(), 2);
  first.reset();
  EXPECT_EQ(pool.in_use(), 1);
  EXPECT_TRUE(pool.TryAcquire().has_value());
}

TEST(PermitPool, MovedPermitIsGivenBackOnce) {
  PermitPool pool(2);
  {
    std::optional<Permit> first = pool.TryAcquire();
    Permit moved = *std::move(first);
    first.reset();
    EXPECT_EQ(pool.in_use(), 1);
    moved = *pool.TryAcquire();
    EXPECT_EQ(pool.in_use(), 1);
  }
  EXPECT_EQ(pool.in_use(), 0);
}

TEST(PermitPool, ZeroRefusesEverybody) {
  PermitPool pool(0);
  EXPECT_FALSE(pool.TryAcquire().has_value());
}

TEST(PermitPool, NeverAboveTheLimitFromManyThreads) {
  constexpr int kLimit = 3;
  PermitPool pool(kLimit);
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> granted = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const std::optional<Permit> permit = pool.TryAcquire();
        if (!permit.has_value()) continue;
        ++granted;
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), kLimit);
  EXPECT_GT(granted.load(), 0);
  EXPECT_EQ(pool.in_use(), 0);
}

}  // namespace
}  // namespace slipway::base
