#include "client/measure/cpu_clock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

void BurnCpu(nanoseconds amount) {
  const CpuClock clock = CpuClock::Self();
  const nanoseconds end = *clock.Now() + amount;
  while (*clock.Now() < end) {
  }
}

TEST(CpuClock, CountsOtherThreadsOfTheProcess) {
  const CpuClock clock = *CpuClock::Of(getpid());
  const nanoseconds before = *clock.Now();
  std::thread burner([] { BurnCpu(milliseconds(20)); });
  burner.join();
  EXPECT_GE(*clock.Now() - before, milliseconds(20));
}

TEST(CpuClock, ReadsAnotherProcess) {
  int go[2], done[2];
  ASSERT_EQ(pipe(go), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    BurnCpu(milliseconds(20));
    _exit(write(done[1], "d", 1) == 1 && read(go[0], &byte, 1) == 1 ? 0 : 1);
  }
  ASSERT_EQ(read(done[0], &byte, 1), 1);
  const absl::StatusOr<CpuClock> clock = CpuClock::Of(child);
  ASSERT_TRUE(clock.ok());
  EXPECT_GE(*clock->Now(), milliseconds(20));
  ASSERT_EQ(write(go[1], "g", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(clock->Now().ok());
}

// Linux gives out ids below 2^22 only.
TEST(CpuClock, NamesAProcessThatIsNotThere) {
  const absl::StatusOr<CpuClock> clock = CpuClock::Of(4'194'304);
  ASSERT_FALSE(clock.ok());
  EXPECT_NE(clock.status().message().find("4194304"), absl::string_view::npos);
}

}  // namespace
}  // namespace slipway::client
