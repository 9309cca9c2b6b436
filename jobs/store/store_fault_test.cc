// Disks that fail, fill up or return other bytes than were written.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/testing/temporary_directory.h"
#include "jobs/testing/forgetful_vfs.h"
#include "jobs/testing/opened_store.h"
#include "jobs/testing/seed.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

class StoreFault : public testing::Test {
 protected:
  std::string path() const { return directory_.File("jobs.db"); }
  std::unique_ptr<OpenedStore> Open(Database::Options options) {
    auto opened = OpenedStore::Open(std::move(options));
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  absl::StatusOr<JobRow> Submit(Store& store, std::string attachment = "attachment") {
    NewJob job{"kind", "payload", "correlation", kNow};
    job.attachment = std::move(attachment);
    return runner_.Run(store.Submit(runner_.executor(), std::move(job)));
  }
  absl::StatusOr<LeaseAnswer> Lease(Store& store) {
    return runner_.Run(
        store.LeaseNext(runner_.executor(), "kind", {kNow, kNow}, absl::Seconds(30)));
  }
  absl::Status Complete(Store& store, const LeasedJob& job, std::string body = "done") {
    JobResult result;
    result.body = std::move(body);
    return runner_.Run(
        store.Complete(runner_.executor(), job.row.id, job.token, kNow, std::move(result)));
  }
  absl::StatusOr<JobOutcome> Outcome(Store& store, const std::string& id) {
    return runner_.Run(store.GetOutcome(runner_.executor(), id));
  }
  std::vector<std::string> List(Store& store) {
    std::vector<std::string> ids;
    JobQuery query{.page_size = 10'000, .now = kNow};
    const auto page = runner_.Run(store.List(runner_.executor(), query));
    EXPECT_TRUE(page.ok()) << page.status();
    if (page.ok()) {
      for (const JobRow& row : page->jobs) ids.push_back(row.id);
    }
    return ids;
  }

  base::TemporaryDirectory directory_;
  TaskRunner runner_;
};

struct SyncFault {
  size_t count;      // syncs that fail
  bool power_fails;  // afterwards; else only the process ends
};
class FailedSync : public StoreFault, public testing::WithParamInterface<SyncFault> {};

TEST_P(FailedSync, NothingIsAcknowledgedUntilARestart) {
  const unsigned seed = TestSeed();
  std::mt19937 random(seed);
  ForgetfulVfs vfs;
  std::string kept;
  std::string ended;
  {
    auto opened = Open({.path = path(), .vfs = vfs.name()});
    Store& store = opened->store();
    int events = 0;
    const auto subscription = store.OnEvent(
        [&events](absl::Span<const JobEvent> told) { events += static_cast<int>(told.size()); });
    ended = Submit(store)->id;
    const LeasedJob first = *Lease(store)->job;
    ASSERT_TRUE(Complete(store, first).ok());
    kept = Submit(store)->id;
    const LeasedJob job = *Lease(store)->job;
    const int told = events;

    vfs.FailSyncs(GetParam().count);
    const absl::Status during = Submit(store).status();
    EXPECT_EQ(base::ReasonOf(during), base::Reason::kStoreFailed) << during;
    for (const absl::Status& status :
         {Submit(store).status(), Lease(store).status(), Complete(store, job),
          runner_.Run(store.FindByKey(runner_.executor(), "", "key", "")).status()}) {
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      EXPECT_EQ(base::ReasonOf(status), base::Reason::kStoreFailed);
    }
    EXPECT_FALSE(store.Health().ok());
    EXPECT_EQ(events, told) << "nothing is told that is not durable";
    EXPECT_EQ(Outcome(store, kept)->row.state, JobState::kRunning) << "reads go on";
  }
  if (GetParam().power_fails) vfs.Restore(random);
  auto opened = Open({.path = path()});
  EXPECT_TRUE(opened->store().Health().ok());
  EXPECT_EQ(*CheckIntegrity(opened->database()), "ok");
  EXPECT_EQ(*CheckCounts(opened->database()), "ok");
  EXPECT_EQ(Outcome(opened->store(), ended)->result.body, "done");
  EXPECT_EQ(Outcome(opened->store(), kept)->row.state, JobState::kRunning);
  EXPECT_TRUE(Submit(opened->store()).ok());
}

INSTANTIATE_TEST_SUITE_P(Once, FailedSync,
                         testing::Values(SyncFault{1, false}, SyncFault{1, true}));
INSTANTIATE_TEST_SUITE_P(Forever, FailedSync,
                         testing::Values(SyncFault{ForgetfulVfs::kForever, false},
                                         SyncFault{ForgetfulVfs::kForever, true}));

TEST_F(StoreFault, FullDiskRefusesReadsOnAndRecovers) {
  ForgetfulVfs vfs;
  auto opened = Open({.path = path(), .vfs = vfs.name()});
  Store& store = opened->store();
  std::vector<std::string> acknowledged = {Submit(store)->id};
  int events = 0;
  auto subscription = store.OnEvent(
      [&events](absl::Span<const JobEvent> told) { events += static_cast<int>(told.size()); });
  vfs.SetCapacity(vfs.size() + 200'000);
  absl::Status full;
  while (full.ok()) {
    const auto row = Submit(store, std::string(10'000, 'x'));
    full = row.status();
    if (row.ok()) acknowledged.push_back(row->id);
    ASSERT_LT(acknowledged.size(), 100u) << "the disk never fills";
  }
  EXPECT_GT(acknowledged.size(), 3u);
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_EQ(base::ReasonOf(full), base::Reason::kStoreFull);
  EXPECT_TRUE(store.Health().ok()) << store.Health();
  EXPECT_EQ(List(store).size(), acknowledged.size());
  EXPECT_EQ(Outcome(store, acknowledged.back())->attachment, std::string(10'000, 'x'));
  EXPECT_EQ(*CheckCounts(opened->database()), "ok");
  EXPECT_EQ(static_cast<size_t>(events), acknowledged.size() - 1);

  vfs.SetCapacity(100'000'000);
  const auto again = Submit(store, std::string(10'000, 'y'));
  ASSERT_TRUE(again.ok()) << again.status();
  acknowledged.push_back(again->id);
  EXPECT_EQ(List(store).size(), acknowledged.size());
  EXPECT_EQ(*CheckIntegrity(opened->database()), "ok");
  EXPECT_EQ(*CheckCounts(opened->database()), "ok");
  subscription.reset();
  opened.reset();
  EXPECT_EQ(List(Open({.path = path()})->store()).size(), acknowledged.size());
}

/// The log is far from the length at which it is put into the file, but may not grow.
TEST_F(StoreFault, FullDiskTakesWhatNeedsNoRoom) {
  ForgetfulVfs vfs;
  const std::string id = Submit(Open({.path = path(), .vfs = vfs.name()})->store())->id;
  auto opened = Open({.path = path(), .vfs = vfs.name()});
  Store& store = opened->store();
  const LeasedJob job = *Lease(store)->job;
  vfs.SetCapacity(vfs.size() + 50'000);
  for (int i = 0; i < 200; ++i) {
    const absl::Status status = runner_.Run(
        store.Extend(runner_.executor(), id, job.token, kNow + absl::Seconds(i), i % 100));
    ASSERT_TRUE(status.ok()) << i << ": " << status;
  }
  EXPECT_TRUE(Complete(store, job).ok());
  EXPECT_EQ(*CheckIntegrity(opened->database()), "ok");
  EXPECT_EQ(*CheckCounts(opened->database()), "ok");
}

/// A group of operations of which one does not fit: the others are done alone.
TEST_F(StoreFault, OneThatDoesNotFitTakesNoOtherWithIt) {
  ForgetfulVfs vfs;
  auto opened = Open({.path = path(), .vfs = vfs.name()});
  Store& store = opened->store();
  ASSERT_TRUE(Submit(store).ok());
  vfs.SetCapacity(vfs.size() + 1'500'000);
  struct Run {
    static rpc::Task<void> Submit(Store& store, rpc::Executor& executor, size_t size,
                                  absl::Status& status, int& left, bool& done) {
      NewJob job{"kind", std::string(size, 'x'), "correlation", kNow};
      auto task = store.Submit(executor, std::move(job));
      const auto row = co_await std::move(task);
      status = row.status();
      done = --left == 0;
    }
  };
  std::vector<absl::Status> answers(20);
  int left = 20;
  bool done = false;
  for (size_t i = 0; i < answers.size(); ++i) {
    rpc::Spawn(
        Run::Submit(store, runner_.executor(), i == 10 ? 5'000'000 : 10, answers[i], left, done));
  }
  runner_.executor().RunUntil(done);
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(base::ReasonOf(answers[i]), i == 10 ? base::Reason::kStoreFull : base::Reason::kNone)
        << i << ": " << answers[i];
  }
  EXPECT_EQ(List(store).size(), answers.size());
  EXPECT_EQ(*CheckCounts(opened->database()), "ok");
}

/// The log of a process that was killed, with bytes of its tail torn off or changed: what is served
/// afterwards is what was written, up to some moment.
TEST_F(StoreFault, DamagedLogIsNeverServed) {
  const unsigned seed = TestSeed();
  std::mt19937 random(seed);
  constexpr int kJobs = 60;
  std::vector<std::string> ids;
  std::vector<std::string> attachments;
  base::TemporaryDirectory killed;
  ForgetfulVfs vfs;  // for its speed
  {
    auto opened = Open({.path = path(), .vfs = vfs.name()});
    for (int i = 0; i < kJobs; ++i) {
      attachments.push_back(absl::StrCat(i, " ", std::string(random() % 3'000, 'a' + i % 26)));
      ids.push_back(Submit(opened->store(), attachments.back())->id);
    }
    for (const char* file : {"jobs.db", "jobs.db-wal"}) {
      std::filesystem::copy_file(directory_.File(file), killed.File(file));
    }
  }
  const auto log_size = std::filesystem::file_size(killed.File("jobs.db-wal"));
  int shortened = 0;
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("SLIPWAY_SEED=", seed, " round ", round));
    base::TemporaryDirectory directory;
    for (const char* file : {"jobs.db", "jobs.db-wal"}) {
      std::filesystem::copy_file(killed.File(file), directory.File(file));
    }
    // In the last nine tenths, so that the tables themselves are there.
    const auto at = static_cast<std::streamoff>(log_size / 10 + random() % (log_size * 9 / 10));
    if (round % 2 == 0) {
      std::filesystem::resize_file(directory.File("jobs.db-wal"), static_cast<uintmax_t>(at));
    } else {
      std::fstream log(directory.File("jobs.db-wal"),
                       std::ios::in | std::ios::out | std::ios::binary);
      log.seekg(at);
      const char flipped = static_cast<char>(log.get() ^ 1 << random() % 8);
      log.seekp(at);
      log.put(flipped);
    }
    auto opened = Open({.path = directory.File("jobs.db"), .vfs = vfs.name()});
    ASSERT_NE(opened, nullptr);
    EXPECT_EQ(*CheckIntegrity(opened->database()), "ok");
    EXPECT_EQ(*CheckCounts(opened->database()), "ok");
    std::vector<std::string> there = List(opened->store());
    std::reverse(there.begin(), there.end());
    ASSERT_LE(there.size(), ids.size());
    EXPECT_TRUE(std::equal(there.begin(), there.end(), ids.begin())) << "a beginning of all";
    for (size_t i = 0; i < there.size(); ++i) {
      EXPECT_EQ(Outcome(opened->store(), there[i])->attachment, attachments[i]);
    }
    shortened += there.size() < ids.size();
  }
  EXPECT_GT(shortened, 90);
}

}  // namespace
}  // namespace slipway::jobs
