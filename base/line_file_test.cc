#include "base/line_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace slipway::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LineFileTest : public ::testing::Test {
 protected:
  LineFileTest()
      : dir_(testing::TempDir() + "line_file_" + std::to_string(getpid())), path_(dir_ + "/a.log") {
    std::filesystem::create_directory(dir_);
  }
  ~LineFileTest() override { std::filesystem::remove_all(dir_); }

  static std::vector<std::string> Lines(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  const std::string dir_;
  const std::string path_;
};

TEST_F(LineFileTest, FlushMakesLinesVisible) {
  const auto file = LineFile::Open(path_).value();
  file->Append("one");
  file->Append("two");
  file->Flush();
  EXPECT_THAT(Lines(path_), ElementsAre("one", "two"));
}

TEST_F(LineFileTest, AppendsToWhatIsThere) {
  std::ofstream(path_) << "old\n";
  LineFile::Open(path_).value()->Append("new");
  EXPECT_THAT(Lines(path_), ElementsAre("old", "new"));
}

TEST_F(LineFileTest, WrittenWithoutFlush) {
  const auto file = LineFile::Open(path_).value();
  file->Append("one");
  while (Lines(path_).empty()) std::this_thread::yield();
  EXPECT_THAT(Lines(path_), ElementsAre("one"));
}

TEST_F(LineFileTest, ManyThreadsWholeLines) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  {
    const auto file = LineFile::Open(path_).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&file, t] {
        for (int i = 0; i < kEach; ++i) {
          file->Append(std::to_string(t) + ":" + std::to_string(i) + std::string(40, 'x'));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(file->lost_lines(), 0u);
  }
  const std::vector<std::string> lines = Lines(path_);
  std::set<std::string> expected;
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      expected.insert(std::to_string(t) + ":" + std::to_string(i) + std::string(40, 'x'));
    }
  }
  EXPECT_EQ(lines.size(), expected.size());
  EXPECT_TRUE(std::set<std::string>(lines.begin(), lines.end()) == expected);
}

TEST_F(LineFileTest, ReopenAfterRotation) {
  const auto file = LineFile::Open(path_).value();
  file->Append("before");
  std::filesystem::rename(path_, path_ + ".1");
  ASSERT_TRUE(file->Reopen().ok());
  file->Append("after");
  file->Flush();
  EXPECT_THAT(Lines(path_ + ".1"), ElementsAre("before"));
  EXPECT_THAT(Lines(path_), ElementsAre("after"));
}

TEST_F(LineFileTest, FailedReopenKeepsTheOldFile) {
  const auto file = LineFile::Open(path_).value();
  std::filesystem::rename(path_, path_ + ".1");
  std::filesystem::create_directory(path_);
  EXPECT_THAT(std::string(file->Reopen().message()), HasSubstr(path_));
  file->Append("line");
  file->Flush();
  EXPECT_THAT(Lines(path_ + ".1"), ElementsAre("line"));
}

TEST_F(LineFileTest, OpenErrorNamesThePath) {
  const absl::Status status = LineFile::Open(dir_ + "/missing/a.log").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(dir_ + "/missing/a.log"));
}

TEST_F(LineFileTest, FullDiskLosesAndCounts) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const auto file = LineFile::Open("/dev/full").value();
  file->Append("one");
  file->Append("two");
  file->Flush();
  EXPECT_EQ(file->lost_lines(), 2u);
}

TEST_F(LineFileTest, StandardOutput) {
  testing::internal::CaptureStdout();
  LineFile::Open("-").value()->Append("to stdout");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "to stdout\n");
}

}  // namespace
}  // namespace slipway::base
