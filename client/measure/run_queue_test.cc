#include "client/measure/run_queue.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(WaitedForCores, GrowsWhenThreadsShareACore) {
  if (access("/proc/self/schedstat", R_OK) != 0) GTEST_SKIP() << "the kernel does not count";
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const std::chrono::nanoseconds start = WaitedForCores();
  std::atomic<bool> stop{false};
  std::thread rival([&stop] {
    while (!stop) {
    }
  });
  // Both want the only core, so sooner or later one has waited.
  while (WaitedForCores() - start < std::chrono::milliseconds(1)) {
  }
  stop = true;
  rival.join();
  sched_setaffinity(0, sizeof before, &before);
}

TEST(WaitedForCores, KnowsProcessesById) {
  EXPECT_GE(WaitedForCores(getpid()).count(), 0);
  EXPECT_LE(WaitedForCores(getpid()), WaitedForCores() + std::chrono::seconds(1));
  EXPECT_EQ(WaitedForCores(1 << 30).count(), 0) << "no such process";
}

}  // namespace
}  // namespace slipway::client
