#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace slipway::base {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  LogTest() : dir_(testing::TempDir() + "log_test_" + std::to_string(getpid())) {}
  ~LogTest() override {
    ShutdownLog();
    std::filesystem::remove_all(dir_);
  }
  std::string Read(const std::string& name) {
    std::ifstream file(dir_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string dir_;
};

TEST_F(LogTest, LineFormatOnStandardError) {
  ASSERT_TRUE(InitLog({}).ok());
  testing::internal::CaptureStderr();
  LogInfo("bound {}:{}", "h", 80);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+ I \\[[0-9]+\\] "
                           "bound h:80\n"));
}

TEST_F(LogTest, FilesHoldTheirLevelAndAbove) {
  ASSERT_TRUE(InitLog({.dir = dir_ + "/new", .level = "debug"}).ok());
  LogDebug("d-line");
  LogInfo("i-line");
  LogWarn("w-line");
  LogError("e-line");
  EXPECT_THAT(Read("new/debug.log"), HasSubstr("d-line"));
  EXPECT_THAT(Read("new/debug.log"), HasSubstr("e-line"));
  EXPECT_THAT(Read("new/info.log"), HasSubstr("i-line"));
  EXPECT_THAT(Read("new/info.log"), Not(HasSubstr("d-line")));
  EXPECT_THAT(Read("new/warning.log"), HasSubstr("w-line"));
  EXPECT_THAT(Read("new/warning.log"), Not(HasSubstr("i-line")));
  EXPECT_THAT(Read("new/error.log"), HasSubstr("e-line"));
  EXPECT_THAT(Read("new/error.log"), Not(HasSubstr("w-line")));
}

TEST_F(LogTest, NoFileBelowTheLevel) {
  ASSERT_TRUE(InitLog({.dir = dir_, .level = "warning"}).ok());
  EXPECT_FALSE(std::filesystem::exists(dir_ + "/info.log"));
  EXPECT_TRUE(std::filesystem::exists(dir_ + "/warning.log"));
}

TEST_F(LogTest, BelowTheLevelNothingIsFormatted) {
  ASSERT_TRUE(InitLog({.level = "warning"}).ok());
  EXPECT_FALSE(LogEnabled(Level::kInfo));
  EXPECT_TRUE(LogEnabled(Level::kWarning));
  testing::internal::CaptureStderr();
  LogInfo("hidden");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(LogTest, UnknownLevel) {
  const absl::Status status = InitLog({.level = "loud"});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"loud\""));
}

TEST_F(LogTest, DirectoryThatCannotBeMadeIsNamed) {
  std::ofstream(dir_) << "a file";
  const absl::Status status = InitLog({.dir = dir_ + "/x"});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(dir_ + "/x"));
}

TEST_F(LogTest, FileThatCannotBeWrittenIsNamed) {
  std::filesystem::create_directories(dir_ + "/info.log");
  const absl::Status status = InitLog({.dir = dir_});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(dir_ + "/info.log"));
}

}  // namespace
}  // namespace slipway::base
