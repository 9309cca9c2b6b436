#include "base/limits.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>

#include "base/process_metrics.h"

namespace slipway::base {
namespace {

TEST(Limits, SoftLimitIsRaisedToTheHardOne) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit lowered = before;
  lowered.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
  const FileLimit limit = RaiseFileLimit().value();
  EXPECT_EQ(limit.soft, limit.hard);
  EXPECT_EQ(limit.hard, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Limits, OwnProcess) {
  const std::int64_t threads_before = ReadProcessUsage(getpid()).value().threads;
  std::mutex mutex;
  mutex.lock();
  std::thread second([&mutex] { const std::lock_guard lock(mutex); });
  const ProcessUsage usage = ReadProcessUsage(getpid()).value();
  mutex.unlock();
  second.join();
  EXPECT_EQ(usage.threads, threads_before + 1);
  EXPECT_GT(usage.rss_bytes, 500'000u);
}

TEST(Limits, CpuTimeGrowsWithWork) {
  const absl::Duration before = ProcessCpuTime(getpid()).value();
  volatile std::uint64_t sum = 0;
  while (ProcessCpuTime(getpid()).value() < before + absl::Milliseconds(1)) sum = sum + 1;
  EXPECT_GT(sum, 0u);
}

TEST(Limits, NoSuchProcess) {
  constexpr pid_t kAboveAll = (1 << 22) + 1;  // the kernel's largest pid_max, and one
  EXPECT_EQ(ReadProcessUsage(kAboveAll).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ProcessCpuTime(kAboveAll).status().code(), absl::StatusCode::kNotFound);
}

TEST(Limits, NameWithSpacesAndParentheses) {
  const long ticks = sysconf(_SC_CLK_TCK);
  const std::string stat = "42 (a b) c) (d) S 1 2 3 4 5 6 7 8 9 10 " + std::to_string(3 * ticks) +
                           " " + std::to_string(ticks / 2) + " 0 0 20 0 9 0 100 4096 77 0";
  const ProcessUsage usage = ParseProcessStat(stat).value();
  EXPECT_EQ(usage.user_cpu, absl::Seconds(3));
  EXPECT_EQ(usage.system_cpu, absl::Milliseconds(500));
  EXPECT_EQ(usage.threads, 9);
  EXPECT_EQ(usage.rss_bytes, 77u * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST(Limits, BrokenStatIsAnError) {
  EXPECT_FALSE(ParseProcessStat("").ok());
  EXPECT_FALSE(ParseProcessStat("1 (x) S 1 2 3").ok());
  EXPECT_FALSE(ParseProcessStat("1 (x) S 1 2 3 4 5 6 7 8 9 10 a b 0 0 20 0 9 0 1 1 77 0").ok());
}

TEST(ProcessMetrics, AreServed) {
  Metrics metrics;
  AddProcessMetrics("slipway-test", &metrics);
  const std::string text = metrics.Serialize();
  for (const char* name :
       {"process_cpu_seconds_total ", "process_resident_memory_bytes ", "process_threads ",
        "process_open_fds ", "process_max_fds ", "process_start_time_seconds ",
        "slipway_build_info{program=\"slipway-test\",version=\"0."}) {
    EXPECT_NE(text.find(std::string("\n") + name), std::string::npos) << name << "\n" << text;
  }
}

}  // namespace
}  // namespace slipway::base
