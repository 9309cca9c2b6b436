// Files of the first version of the tables: what becomes of their jobs, and that power may fail
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing/temporary_directory.h"
#include "jobs/store/tables.h"
#include "jobs/testing/forgetful_vfs.h"
#include "jobs/testing/opened_store.h"
#include "jobs/testing/seed.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kCreate = absl::FromUnixSeconds(1'763'736'600);
const absl::Time kEnd = kCreate + absl::Seconds(5);

Component FirstVersion() {
  Component tables = JobTables();
  tables.migrations.resize(1);
  tables.at_open = "";
  return tables;
}

/// A job as the first version kept it.
struct OldJob {
  std::string id;
  int state;
  int attempt;
  std::string result_type;
  std::string result;
};

/// With results of up to `largest` bytes.
std::vector<OldJob> OldJobs(size_t largest) {
  std::vector<OldJob> jobs = {
      {"waits", 1, 0, "", ""}, {"runs", 2, 12, "", ""}, {"failed", 4, 1, "", ""}};
  // Lengths around those at which their encoding grows, and bytes that are no text.
  const std::vector<size_t> sizes = {0, 1, 127, 128, 16'383, 16'384, 2'097'151, 2'097'152};
  for (const size_t size : sizes) {
    if (size > largest) continue;
    std::string body(size, '\0');
    for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + size);
    jobs.push_back({absl::StrCat("succeeded", size), 3, 1,
                    absl::StrCat("text/plain; x=", std::string(size % 200, 'y')), body});
  }
  return jobs;
}

class Upgrade : public testing::Test {
 protected:
  static constexpr size_t kLargest = 2'097'152;

  /// Makes a file of the first version at `path`.
  void MakeOld(const std::string& path, size_t largest = kLargest) {
    auto database = Database::Open({.path = path, .components = {FirstVersion()}});
    ASSERT_TRUE(database.ok()) << database.status();
    for (const OldJob& job : OldJobs(largest)) {
      const absl::Status status = runner_.Run((*database)->Write<absl::Status>(
          runner_.executor(), [&job](Connection& connection) { return Insert(connection, job); }));
      ASSERT_TRUE(status.ok()) << status;
    }
  }

  static absl::Status Insert(Connection& connection, const OldJob& job) {
    const bool ended = job.state >= 3;
    const auto end = ended ? std::optional<absl::Time>(kEnd) : std::nullopt;
    const auto failed = [&](Blob value) {
      return job.state == 4 ? std::optional<Blob>(value) : std::nullopt;
    };
    const auto code = job.state == 4 ? std::optional<int64_t>(5) : std::nullopt;
    const auto message = job.state == 4 ? std::optional<std::string_view>("gone") : std::nullopt;
    const auto type =
        job.state == 3 ? std::optional<std::string_view>(job.result_type) : std::nullopt;
    const auto result = job.state == 3 ? std::optional<Blob>(Blob{job.result}) : std::nullopt;
    const auto lease = job.state == 2 ? std::optional<absl::Time>(kEnd) : std::nullopt;
    return connection.Run(
        "INSERT INTO jobs(id, kind, state, attempt, token, lease_until_us, correlation_id, "
        "create_us, start_us, end_us, error_code, error_message, error_details, result_type, "
        "payload, result) VALUES(?1, 'kind', ?2, ?3, ?3, ?4, 'correlation', ?5, NULL, ?6, ?7, ?8, "
        "?9, ?10, ?11, ?12)",
        job.id, int64_t{job.state}, int64_t{job.attempt}, lease, kCreate, end, code, message,
        failed(Blob{"details"}), type, Blob{job.id}, result);
  }

  void ExpectAllJobs(OpenedStore& opened, size_t largest = kLargest) {
    EXPECT_EQ(*CheckIntegrity(opened.database()), "ok");
    EXPECT_EQ(*CheckCounts(opened.database()), "ok");
    EXPECT_EQ(opened.store().secret().size(), 32u);
    for (const OldJob& job : OldJobs(largest)) {
      SCOPED_TRACE(job.id);
      const auto outcome = runner_.Run(opened.store().GetOutcome(runner_.executor(), job.id));
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      const JobRow& row = outcome->row;
      EXPECT_EQ(static_cast<int>(row.state), job.state);
      EXPECT_EQ(row.attempt, job.attempt);
      EXPECT_EQ(row.correlation_id, "correlation");
      EXPECT_EQ(row.create_time, kCreate);
      EXPECT_EQ(row.ready_time, kCreate);
      EXPECT_TRUE(row.owner.empty());
      EXPECT_EQ(row.progress, row.state == JobState::kSucceeded ? 100 : 0);
      EXPECT_EQ(row.end_time.has_value(), job.state >= 3);
      EXPECT_EQ(row.expire_time.has_value(), job.state >= 3);
      EXPECT_EQ(row.expire_time.value_or(kEnd + absl::Hours(1)), kEnd + absl::Hours(1));
      EXPECT_EQ(row.error.message(), job.state == 4 ? "gone" : "");
      EXPECT_EQ(row.error.details(), job.state == 4 ? "details" : "");
      EXPECT_TRUE(outcome->result.status.ok()) << outcome->result.status.message();
      EXPECT_EQ(outcome->result.content_type, job.result_type);
      EXPECT_TRUE(outcome->result.body == job.result) << "of " << job.result.size() << " bytes";
    }
  }

  /// The version that is in the file, without changing it.
  static int64_t VersionOf(const std::string& path) {
    auto connection = Connection::Open(path, Connection::Mode::kReader, "");
    EXPECT_TRUE(connection.ok()) << connection.status();
    Query query = (*connection)->Ask("PRAGMA user_version");
    EXPECT_TRUE(query.Next().ok());
    return query.Int(0);
  }

  base::TemporaryDirectory directory_;
  TaskRunner runner_;
};

TEST_F(Upgrade, KeepsTheJobsOfTheFirstVersion) {
  const std::string path = directory_.File("jobs.db");
  MakeOld(path);
  ASSERT_EQ(VersionOf(path), 1);
  for (int i = 0; i < 2; ++i) {  // the second time there is nothing to do
    auto opened = OpenedStore::Open({.path = path});
    ASSERT_TRUE(opened.ok()) << opened.status();
    ExpectAllJobs(**opened);
  }
}

TEST_F(Upgrade, RunsWhatWasWaitingAndRunning) {
  const std::string path = directory_.File("jobs.db");
  MakeOld(path);
  auto opened = OpenedStore::Open({.path = path});
  ASSERT_TRUE(opened.ok()) << opened.status();
  // "runs" was leased 12 times, of which nobody knows how many were given back.
  for (const char* id : {"waits", "runs"}) {
    const auto answer = runner_.Run((*opened)->store().LeaseNext(
        runner_.executor(), "kind", {kCreate, kCreate}, absl::Seconds(1)));
    ASSERT_TRUE(answer.ok() && answer->job) << answer.status();
    EXPECT_EQ(answer->job->row.id, id);
    EXPECT_EQ(answer->job->payload, id);
    EXPECT_GT(answer->job->row.max_attempts, answer->job->row.attempt);
  }
  const auto purged =
      runner_.Run((*opened)->store().Purge(runner_.executor(), kEnd + absl::Hours(1), 1000));
  EXPECT_EQ(*purged, OldJobs(kLargest).size() - 2);
}

TEST_F(Upgrade, ProgramOfTheFirstVersionRefusesTheFile) {
  const std::string path = directory_.File("jobs.db");
  MakeOld(path);
  ASSERT_TRUE(OpenedStore::Open({.path = path}).ok());
  const absl::Status status =
      Database::Open({.path = path, .components = {FirstVersion()}}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path), HasSubstr("version 2"), HasSubstr("knows 0 to 1")));
  auto opened = OpenedStore::Open({.path = path});
  ASSERT_TRUE(opened.ok()) << opened.status();
  ExpectAllJobs(**opened);
}

TEST_F(Upgrade, LossOfPowerAtAnyStepLeavesOneVersionOrTheOther) {
  constexpr int kCuts = 220;
  constexpr size_t kSmall = 20'000;
  const unsigned seed = TestSeed();
  std::mt19937 random(seed);
  const std::string original = directory_.File("original.db");
  MakeOld(original, kSmall);
  int versions[3] = {};
  ForgetfulVfs vfs;
  // Each step once, and again from the first: what is left of writes differs.
  size_t step = 1;
  for (int cuts = 0; cuts < kCuts && !HasFailure(); ++cuts) {
    SCOPED_TRACE(absl::StrCat("SLIPWAY_SEED=", seed, ", cut before step ", step));
    base::TemporaryDirectory directory;
    const std::string path = directory.File("jobs.db");
    std::filesystem::copy_file(original, path);
    vfs.CutPowerBefore(step);
    OpenedStore::Open({.path = path, .vfs = vfs.name()}).status().IgnoreError();
    step = vfs.power_is_cut() ? step + 1 : 1;
    vfs.CutPowerBefore(1);
    vfs.Restore(random);
    const int64_t version = VersionOf(path);
    ASSERT_TRUE(version == 1 || version == 2) << version;
    ++versions[version];
    auto opened = OpenedStore::Open({.path = path, .vfs = vfs.name()});
    ASSERT_TRUE(opened.ok()) << opened.status();
    ExpectAllJobs(**opened, kSmall);
  }
  EXPECT_GT(versions[1], 0);
  EXPECT_GT(versions[2], 0);
}

}  // namespace
}  // namespace slipway::jobs
