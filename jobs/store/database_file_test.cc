#include "jobs/store/database_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/reason.h"
#include "base/testing/temporary_directory.h"
#include "jobs/store/database.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using testing::HasSubstr;

class DatabaseFileTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path) {
    Database::Options options;
    options.path = path;
    options.components = {{"numbers", {"CREATE TABLE numbers(n INTEGER)"}}};
    return Database::Open(std::move(options));
  }
  absl::Status Insert(Database& database) {
    auto write = database.Write<absl::Status>(runner_.executor(), [](Connection& connection) {
      return connection.Run("INSERT INTO numbers VALUES(1)");
    });
    return runner_.Run(std::move(write));
  }
  /// Nothing is acknowledged, now and later, and callers do not see where our files are.
  void ExpectFailed(Database& database) {
    for (int i = 0; i < 2; ++i) {
      const absl::Status status = Insert(database);
      EXPECT_EQ(base::ReasonOf(status), base::Reason::kStoreFailed) << status;
      EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr(directory_.path())));
    }
    EXPECT_THAT(std::string(database.Health().message()), HasSubstr("removed or replaced"));
  }

  base::TemporaryDirectory directory_;
  const std::string path_ = directory_.File("data/jobs.db");
  TaskRunner runner_;
};

TEST_F(DatabaseFileTest, ASecondNameOfAHeldFileIsRefused) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  std::filesystem::create_directory(directory_.File("other"));
  std::filesystem::create_hard_link(path_, directory_.File("other/hard.db"));
  std::filesystem::create_symlink(path_, directory_.File("other/soft.db"));
  for (const char* name : {"other/hard.db", "other/soft.db"}) {
    const absl::Status status = Open(directory_.File(name)).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("in use by another process"));
  }
}

TEST_F(DatabaseFileTest, ARemovedLockFileDoesNotLetASecondProcessIn) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  std::filesystem::remove(directory_.File("data/slipway.lock"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(path_).status()));
  EXPECT_TRUE(Insert(**database).ok());
}

TEST_F(DatabaseFileTest, WhatIsWrittenToARemovedFileIsNotAcknowledged) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(Insert(**database).ok());
  std::filesystem::remove(path_);
  ExpectFailed(**database);
}

TEST_F(DatabaseFileTest, TheSameForTheLogBesideIt) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  ASSERT_TRUE(Insert(**database).ok());
  std::filesystem::remove(path_ + "-wal");
  ExpectFailed(**database);
}

TEST_F(DatabaseFileTest, AndForAReplacedFile) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  std::filesystem::copy_file(path_, path_ + ".copy");
  std::filesystem::rename(path_ + ".copy", path_);
  ExpectFailed(**database);
}

TEST_F(DatabaseFileTest, ReadingARemovedFileTellsTheLogWhyAndCallersThatItFailed) {
  auto database = Open(path_);
  ASSERT_TRUE(database.ok()) << database.status();
  std::filesystem::remove(path_);
  ASSERT_TRUE(base::InitLog({directory_.File("log"), "info"}).ok());
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = (*database)->Reader().status();
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kStoreFailed) << status;
    EXPECT_EQ(status.message(), Insert(**database).message());
  }
  ASSERT_TRUE(base::InitLog({"", "info"}).ok());  // writes what it holds back
  std::ifstream file(directory_.File("log/error.log"));
  const std::string log{std::istreambuf_iterator<char>(file), {}};
  const std::string why = "database " + path_ + ": opening: unable to open database file";
  EXPECT_THAT(log, HasSubstr(why));
  EXPECT_EQ(log.find(why), log.rfind(why)) << "once";
}

TEST_F(DatabaseFileTest, OnlyRegularFiles) {
  std::filesystem::create_directories(path_);
  EXPECT_THAT(std::string(Open(path_).status().message()), HasSubstr("not a regular file"));
}

TEST_F(DatabaseFileTest, TablesOfAnotherProgramAreLeftAlone) {
  {
    auto other = Connection::Open(directory_.File("other.db"), Connection::Mode::kWriter, "");
    ASSERT_TRUE(other.ok()) << other.status();
    ASSERT_TRUE((*other)->RunScript("CREATE TABLE jobs(mine TEXT)").ok());
  }
  const absl::Status status = Open(directory_.File("other.db")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
}

}  // namespace
}  // namespace slipway::jobs
