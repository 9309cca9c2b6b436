#include "rpc/executor.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "rpc/io_executor.h"
#include "rpc/manual_executor.h"
#include "rpc/thread_executor.h"

namespace slipway::rpc {
namespace {

using std::chrono::milliseconds;

TEST(Timer, RunsInOrderOfTime) {
  ManualExecutor executor;
  std::vector<int> order;
  Timer a(executor), b(executor), c(executor);
  const Time now = executor.Now();
  a.Start(now + milliseconds(30), [&] { order.push_back(30); });
  b.Start(now + milliseconds(10), [&] { order.push_back(10); });
  c.Start(now + milliseconds(20), [&] { order.push_back(20); });
  executor.Advance(milliseconds(25));
  EXPECT_EQ(order, (std::vector<int>{10, 20}));
  executor.Advance(milliseconds(5));
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
}

TEST(Timer, CancelledTimerDoesNotRun) {
  ManualExecutor executor;
  bool ran = false;
  Timer timer(executor);
  timer.Start(executor.Now(), [&] { ran = true; });
  timer.Cancel();
  executor.Advance(milliseconds(1));
  EXPECT_FALSE(ran);
}

TEST(Timer, CallbackMayDestroyItsTimer) {
  ManualExecutor executor;
  auto timer = std::make_unique<Timer>(executor);
  timer->Start(executor.Now() + milliseconds(1), [&] { timer.reset(); });
  executor.Advance(milliseconds(2));
  EXPECT_EQ(timer, nullptr);
}

// The heap against a plain model.
TEST(Timer, RandomStartsAndCancelsMatchModel) {
  const auto seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  ManualExecutor executor;
  constexpr int kTimers = 50;
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<int> due(kTimers, -1);
  int clock = 0;
  int wrong = 0;
  for (int i = 0; i < kTimers; ++i) timers.push_back(std::make_unique<Timer>(executor));
  for (int step = 0; step < 5000; ++step) {
    const int i = random() % kTimers;
    switch (random() % 3) {
      case 0:
        due[i] = clock + 1 + random() % 40;
        timers[i]->Start(executor.Now() + milliseconds(due[i] - clock), [&, i] {
          wrong += due[i] != clock;
          due[i] = -1;
        });
        break;
      case 1:
        due[i] = -1;
        timers[i]->Cancel();
        break;
      default:
        ++clock;
        executor.Advance(milliseconds(1));
    }
  }
  EXPECT_EQ(wrong, 0);
  for (int i = 0; i < kTimers; ++i) EXPECT_EQ(timers[i]->running(), due[i] > clock);
}

template <typename T>
class ThreadedExecutor : public testing::Test {};
using Kinds = testing::Types<ThreadExecutor, IoExecutor>;
TYPED_TEST_SUITE(ThreadedExecutor, Kinds);

TYPED_TEST(ThreadedExecutor, RunsPostedWorkAndTimersOnItsThread) {
  TypeParam executor;
  std::thread::id work_thread, timer_thread;
  Timer timer(executor);
  executor.Post([&] {
    work_thread = std::this_thread::get_id();
    timer.Start(executor.Now() + milliseconds(1), [&] {
      timer_thread = std::this_thread::get_id();
      executor.Stop();
    });
  });
  std::thread thread([&] { executor.Run(); });
  const std::thread::id id = thread.get_id();
  thread.join();
  EXPECT_EQ(work_thread, id);
  EXPECT_EQ(timer_thread, id);
}

TYPED_TEST(ThreadedExecutor, LaterTimerStillRunsAfterEarlierWasCancelled) {
  TypeParam executor;
  bool done = false;
  Timer early(executor), late(executor);
  late.Start(executor.Now() + milliseconds(5), [&] { done = true; });
  early.Start(executor.Now() + milliseconds(1), [] { FAIL(); });
  early.Cancel();
  executor.RunUntil(done);
  EXPECT_TRUE(done);
}

TYPED_TEST(ThreadedExecutor, PostsFromManyThreadsAllRun) {
  TypeParam executor;
  constexpr int kThreads = 4, kEach = 1000;
  int count = 0;
  bool done = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        executor.Post([&] { done = ++count == kThreads * kEach; });
      }
    });
  }
  executor.RunUntil(done);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kEach);
}

}  // namespace
}  // namespace slipway::rpc
