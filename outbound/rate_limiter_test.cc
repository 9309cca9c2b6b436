#include "outbound/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "rpc/manual_executor.h"
#include "rpc/thread_executor.h"

namespace slipway::outbound {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<RateLimit> TenInTwoSeconds() {
  return std::make_unique<FixedWindow>(FixedWindow::Options(10, seconds(2)));
}

class RateLimiterTest : public testing::Test {
 protected:
  /// A request that takes permits as they come and has each answered at once.
  struct Request {
    Request(RateLimiterTest& test, int wanted)
        : test(test),
          wanted(wanted),
          line(test.limiter_, test.executor_, "a request", [this] { TakeAll(); }) {
      line.Want(wanted);
      TakeAll();
    }
    void TakeAll() {
      while (const auto permit = line.Take()) {
        ++taken;
        if (answers) test.limiter_.Answered(*permit, test.executor_.Now());
      }
      line.Want(wanted - taken);
    }

    RateLimiterTest& test;
    const int wanted;
    int taken = 0;
    bool answers = true;
    RateLimiter::Line line;
  };
  std::unique_ptr<Request> Ask(int wanted) { return std::make_unique<Request>(*this, wanted); }
  void Advance(rpc::Duration duration) { executor_.Advance(duration); }
  std::int64_t Waiting() { return metrics_.GetGauge("slipway_limiter_waiting", "").Value(); }
  std::uint64_t Waits(const char* reason) {
    return metrics_.GetCounter("slipway_limiter_waits_total", "", {{"reason", reason}}).Value();
  }

  base::Metrics metrics_;
  rpc::ManualExecutor executor_;
  RateLimiter limiter_{"the upstream", TenInTwoSeconds(), metrics_};
};

TEST_F(RateLimiterTest, GivesAtOnceWhatThereIs) {
  const auto request = Ask(10);
  EXPECT_EQ(request->taken, 10);
  EXPECT_EQ(Waiting(), 0);
  EXPECT_EQ(Waits("window"), 0u);
}

TEST_F(RateLimiterTest, TheRestComesWithTheNextWindows) {
  const auto request = Ask(25);
  EXPECT_EQ(request->taken, 10);
  EXPECT_EQ(Waiting(), 1);
  Advance(milliseconds(1999));
  EXPECT_EQ(request->taken, 10);
  Advance(milliseconds(1));
  EXPECT_EQ(request->taken, 20);
  Advance(seconds(2));
  EXPECT_EQ(request->taken, 25);
  EXPECT_EQ(Waiting(), 0);
  EXPECT_EQ(Waits("window"), 2u);
}

TEST_F(RateLimiterTest, RequestsTakeTurnsHoweverMuchTheyWant) {
  const auto large = Ask(1000);
  const auto small = Ask(5);
  const auto medium = Ask(12);
  EXPECT_EQ(large->taken, 10);
  Advance(seconds(2));
  EXPECT_EQ(small->taken, 3);
  EXPECT_EQ(medium->taken, 3);
  EXPECT_EQ(large->taken, 14);
  Advance(seconds(2));
  EXPECT_EQ(small->taken, 5);
  EXPECT_EQ(small->taken + medium->taken + large->taken, 30);
  EXPECT_LE(large->taken - 14, 4);
  Advance(seconds(2));
  EXPECT_EQ(medium->taken, 12);
  Advance(seconds(2));
  EXPECT_EQ(small->taken + medium->taken + large->taken, 50);
}

TEST_F(RateLimiterTest, OneThatLeavesGivesBackWhatItHasNotTaken) {
  auto holder = std::make_unique<RateLimiter::Line>(limiter_, executor_, "holder", [] {});
  holder->Want(10);
  const auto permit = holder->Take();
  ASSERT_TRUE(permit);
  limiter_.Answered(*permit, executor_.Now());
  const auto other = Ask(10);
  EXPECT_EQ(other->taken, 0);
  holder.reset();
  EXPECT_EQ(other->taken, 0) << "not from inside";
  executor_.RunPosted();
  EXPECT_EQ(other->taken, 9);
}

TEST_F(RateLimiterTest, OneThatLeavesWhileItWaitsHoldsUpNobody) {
  const auto first = Ask(10);
  auto leaves = Ask(10);
  const auto stays = Ask(10);
  EXPECT_EQ(Waiting(), 2);
  leaves.reset();
  EXPECT_EQ(Waiting(), 1);
  Advance(seconds(2));
  EXPECT_EQ(stays->taken, 10);
}

TEST_F(RateLimiterTest, OneThatLeavesBetweenItsTurnAndItsWakeUpLosesNothing) {
  auto leaves = Ask(20);
  const auto stays = Ask(10);
  leaves->answers = false;
  // The timer of the first hands out, which posts to the second; it leaves before that runs.
  bool left = false;
  rpc::Timer timer(executor_);
  timer.Start(executor_.Now() + seconds(2), [&] {
    leaves.reset();
    left = true;
  });
  Advance(seconds(2));
  EXPECT_TRUE(left);
  EXPECT_EQ(stays->taken, 10);
}

TEST_F(RateLimiterTest, WantingLessGivesBack) {
  RateLimiter::Line line(limiter_, executor_, "modest", [] {});
  line.Want(10);
  line.Want(4);
  const auto other = Ask(10);
  EXPECT_EQ(other->taken, 6);
  line.Want(0);
  executor_.RunPosted();
  EXPECT_EQ(other->taken, 10);
}

TEST_F(RateLimiterTest, PermitsThatHaveBecomeTooOldAreReplaced) {
  RateLimiter::Line line(limiter_, executor_, "slow", [] {});
  line.Want(2);
  Advance(seconds(3));
  EXPECT_EQ(line.Take(), std::nullopt);
  line.Want(2);
  EXPECT_TRUE(line.Take());
  EXPECT_TRUE(line.Take());
  const auto other = Ask(10);
  EXPECT_EQ(other->taken, 8) << "the old ones are not counted in the new window";
}

TEST_F(RateLimiterTest, ARefusalMakesEverybodyWait) {
  const auto first = Ask(3);
  const Permit anyway = limiter_.TakeAnyway(executor_.Now());
  limiter_.Refused(anyway, executor_.Now(), seconds(7));
  const auto second = Ask(3);
  EXPECT_EQ(second->taken, 0);
  Advance(seconds(7) - milliseconds(1));
  EXPECT_EQ(second->taken, 0);
  Advance(milliseconds(1));
  EXPECT_EQ(second->taken, 3);
  EXPECT_EQ(Waits("refused"), 1u);
}

TEST_F(RateLimiterTest, AWaitIsCountedWithTheReasonThatHeldItUpLast) {
  const auto first = Ask(10);
  const auto second = Ask(1);
  const Permit anyway = limiter_.TakeAnyway(executor_.Now());
  limiter_.Refused(anyway, executor_.Now(), seconds(7));
  Advance(seconds(7));
  EXPECT_EQ(second->taken, 1);
  EXPECT_EQ(Waits("refused"), 1u);
  EXPECT_EQ(Waits("window"), 0u);
}

TEST_F(RateLimiterTest, WhoWaitsHearsOfARefusalAndOfItsEnd) {
  const auto first = Ask(10);
  int changes = 0;
  RateLimiter::Line line(limiter_, executor_, "a request", [&] { ++changes; });
  line.Want(1);
  const auto small = Ask(5);
  limiter_.Refused(limiter_.TakeAnyway(executor_.Now()), executor_.Now(), std::chrono::hours(24));
  executor_.RunPosted();
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(limiter_.RefusedUntil(), executor_.Now() + std::chrono::hours(24));
  line.Want(0);
  Advance(std::chrono::minutes(1));
  EXPECT_EQ(small->taken, 0);
  limiter_.Served(limiter_.TakeAnyway(executor_.Now()), executor_.Now());
  executor_.RunPosted();
  EXPECT_EQ(small->taken, 5) << "long before the day is over";
}

TEST_F(RateLimiterTest, CountsWaitsThatRequestsKeepByThemselves) {
  limiter_.Waited("a request", milliseconds(100), WaitReason::kFailed, "it answered 500");
  EXPECT_EQ(Waits("failed"), 1u);
}

TEST_F(RateLimiterTest, WhatIsSentWithoutWaitingCounts) {
  for (int i = 0; i < 8; ++i) limiter_.TakeAnyway(executor_.Now());
  EXPECT_EQ(Ask(5)->taken, 2);
}

TEST_F(RateLimiterTest, ALineMayBeDestroyedByItsOwnWakeUp) {
  const auto first = Ask(10);
  std::unique_ptr<RateLimiter::Line> line;
  bool woken = false;
  line = std::make_unique<RateLimiter::Line>(limiter_, executor_, "brief", [&] {
    woken = true;
    line.reset();
  });
  line->Want(1);
  Advance(seconds(3));
  EXPECT_TRUE(woken);
  EXPECT_EQ(Ask(10)->taken, 10) << "what it did not take is there again";
}

/// On a thread of its own: takes `wanted` permits, then leaves and lets its executor go.
int TakeOnThread(RateLimiter& limiter, int wanted) {
  rpc::ThreadExecutor executor;
  bool done = false;
  int taken = 0;
  {
    std::unique_ptr<RateLimiter::Line> line;
    // Asked for first, taken then: nobody is woken for permits that come while Want runs.
    const auto take_all = [&] {
      line->Want(wanted - taken);
      while (const auto permit = line->Take()) {
        ++taken;
        limiter.Answered(*permit, executor.Now());
      }
      done = taken == wanted;
    };
    line = std::make_unique<RateLimiter::Line>(limiter, executor, "thread", take_all);
    line->Want(wanted);
    executor.Post([&] { take_all(); });
    executor.RunUntil(done);
  }
  return taken;
}

TEST(RateLimiterThreads, ManyExecutorsShareOneLimit) {
  base::Metrics metrics;
  RateLimiter limiter("the upstream",
                      std::make_unique<FixedWindow>(FixedWindow::Options(100, milliseconds(20))),
                      metrics);
  std::vector<std::thread> threads;
  std::vector<int> taken(4);
  for (size_t i = 0; i < taken.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) taken[i] += TakeOnThread(limiter, 50);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, std::vector<int>(4, 250));
  EXPECT_EQ(metrics.GetGauge("slipway_limiter_waiting", "").Value(), 0);
}

}  // namespace
}  // namespace slipway::outbound
