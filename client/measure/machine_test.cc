#include "client/measure/machine.h"

#include <unistd.h>

#include <ctime>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(MachineTimes, GrowAndAddUp) {
  if (access("/proc/stat", R_OK) != 0) GTEST_SKIP() << "no /proc/stat";
  const MachineTimes before = ReadMachineTimes();
  EXPECT_GT(before.total.count(), 0);
  EXPECT_LE((before.busy + before.steal).count(), before.total.count());
  // 50 ms of CPU time of this process alone are several ticks of the machine's.
  const std::clock_t start = std::clock();
  while (std::clock() - start < CLOCKS_PER_SEC / 20) {
  }
  const MachineTimes after = ReadMachineTimes();
  EXPECT_GT(after.busy.count(), before.busy.count());
  EXPECT_GT(after.total.count(), before.total.count());
}

TEST(MachineInfo, NamesTheMachine) {
  const MachineInfo info = DescribeMachine();
  EXPECT_NE(info.kernel.find(' '), std::string::npos) << info.kernel;
  EXPECT_FALSE(info.cpu_model.empty());
  EXPECT_GE(info.cpus, 1);
  EXPECT_GT(info.memory_bytes, 1 << 20);
}

}  // namespace
}  // namespace slipway::client
