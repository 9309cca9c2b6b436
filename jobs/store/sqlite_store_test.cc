// What only a store on disk does: it ends and begins again, and looks at a bounded number of rows.
#include "jobs/store/sqlite_store.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/testing/temporary_directory.h"
#include "jobs/testing/forgetful_vfs.h"
#include "jobs/testing/opened_store.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

constexpr absl::Duration kLease = absl::Seconds(30);
const absl::Time kWall = absl::FromUnixSeconds(1'763'736'600);
const absl::Time kSteady = absl::FromUnixSeconds(5'000);

class SqliteStoreTest : public testing::Test {
 protected:
  SqliteStoreTest() { Restart(); }

  void Restart(Store::Limits limits = {}) {
    opened_.reset();
    auto opened =
        OpenedStore::Open({.path = directory_.File("jobs.db"), .vfs = vfs_.name()}, limits);
    ASSERT_TRUE(opened.ok()) << opened.status();
    opened_ = *std::move(opened);
  }
  Store& store() { return opened_->store(); }

  absl::StatusOr<JobRow> Submit(std::optional<absl::Time> not_before = std::nullopt) {
    NewJob job{"kind", "payload", "correlation", kWall};
    job.not_before = not_before;
    job.owner = "owner";
    return runner_.Run(store().Submit(runner_.executor(), std::move(job)));
  }
  LeaseAnswer Lease(JobTime now = {kWall, kSteady}) {
    auto answer = runner_.Run(store().LeaseNext(runner_.executor(), "kind", now, kLease));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return *std::move(answer);
  }
  JobRow Get(const std::string& id) {
    auto row = runner_.Run(store().Get(runner_.executor(), id));
    EXPECT_TRUE(row.ok()) << row.status();
    return *std::move(row);
  }
  absl::Status Run(const std::string& sql) {
    return runner_.Run(opened_->database().Write<absl::Status>(
        runner_.executor(), [sql](Connection& connection) { return connection.RunScript(sql); }));
  }

  /// Until there is other room. The query reads what is there now, so that the log cannot be
  /// written from its start again.
  Query FillDisk() {
    vfs_.SetCapacity(0);
    return (*opened_->database().Reader())->Ask("SELECT id FROM jobs");
  }

  base::TemporaryDirectory directory_;
  TaskRunner runner_;
  ForgetfulVfs vfs_;
  std::unique_ptr<OpenedStore> opened_;
};

TEST_F(SqliteStoreTest, RestartVoidsLeases) {
  const std::string id = Submit()->id;
  const LeasedJob leased = *Lease().job;
  Restart();
  EXPECT_EQ(Get(id).state, JobState::kRunning);
  // The steady clock of another process may be anywhere.
  const LeaseAnswer again = Lease({kWall, absl::FromUnixSeconds(1)});
  ASSERT_TRUE(again.job);
  EXPECT_EQ(again.job->row.id, id);
  EXPECT_EQ(again.job->row.attempt, 2);
  EXPECT_GT(again.job->token, leased.token);
  EXPECT_TRUE(absl::IsAborted(
      runner_.Run(store().Complete(runner_.executor(), id, leased.token, kWall, JobResult()))));
}

TEST_F(SqliteStoreTest, RestartEndsWaitsBetweenAttemptsButNotThoseForATimeOfDay) {
  const std::string retried = Submit()->id;
  const LeasedJob leased = *Lease().job;
  const std::string delayed = Submit(kWall + absl::Hours(1))->id;
  ASSERT_TRUE(runner_
                  .Run(store().Retry(runner_.executor(), retried, leased.token,
                                     rpc::Status(absl::StatusCode::kUnavailable, "busy"),
                                     kSteady + absl::Hours(5)))
                  .ok());
  EXPECT_FALSE(Lease().job);
  Restart();
  const JobTime other_clock = {kWall, absl::FromUnixSeconds(1)};
  const LeaseAnswer again = Lease(other_clock);
  ASSERT_TRUE(again.job);
  EXPECT_EQ(again.job->row.id, retried);
  EXPECT_EQ(again.job->row.error.message(), "busy");
  EXPECT_FALSE(Lease(other_clock).job);
  EXPECT_EQ(Get(delayed).not_before, kWall + absl::Hours(1));
  EXPECT_EQ(Lease({kWall + absl::Hours(1), other_clock.steady}).job->row.id, delayed);
}

TEST_F(SqliteStoreTest, RestartKeepsSecretCountsAndLimit) {
  const std::string secret = store().secret();
  EXPECT_EQ(secret.size(), 32u);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Submit().ok());
  Lease();
  Restart({.max_waiting = 3});
  EXPECT_EQ(store().secret(), secret);
  EXPECT_EQ(*CheckCounts(opened_->database()), "ok");
  EXPECT_TRUE(Submit().ok()) << "two wait";
  const absl::Status status = Submit().status();
  EXPECT_EQ(base::ReasonOf(status), base::Reason::kQueueFull) << status;
}

/// A group whose commit fails: what was counted in it is not.
TEST_F(SqliteStoreTest, RefusedCommitCountsAndTellsNothing) {
  Restart({.max_waiting = 2});
  ASSERT_TRUE(Submit().ok());
  int events = 0;
  const auto subscription = store().OnEvent(
      [&events](absl::Span<const JobEvent> told) { events += static_cast<int>(told.size()); });
  Query reading = FillDisk();
  ASSERT_TRUE(*reading.Next());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(base::ReasonOf(Submit().status()), base::Reason::kStoreFull);
  }
  EXPECT_EQ(events, 0);
  vfs_.SetCapacity(1'000'000'000);
  const absl::Status status = Submit().status();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(base::ReasonOf(Submit().status()), base::Reason::kQueueFull);
  EXPECT_EQ(events, 1);
  EXPECT_EQ(*CheckCounts(opened_->database()), "ok");
}

/// What a question for a lease saw and put in order was rolled back: the next one must look again.
TEST_F(SqliteStoreTest, TimeThatHasComeIsFoundAlthoughTheFirstLeaseDidNotFit) {
  const std::string delayed = Submit(kWall + absl::Hours(1))->id;
  EXPECT_EQ(Lease().ask_again, kSteady + absl::Hours(1));
  const JobTime due = {kWall + absl::Hours(1), kSteady};
  Query reading = FillDisk();
  ASSERT_TRUE(*reading.Next());
  for (int i = 0; i < 3; ++i) {
    const auto full = runner_.Run(store().LeaseNext(runner_.executor(), "kind", due, kLease));
    EXPECT_EQ(base::ReasonOf(full.status()), base::Reason::kStoreFull) << full.status();
  }
  vfs_.SetCapacity(1'000'000'000);
  const LeaseAnswer answer = Lease(due);
  ASSERT_TRUE(answer.job);
  EXPECT_EQ(answer.job->row.id, delayed);
}

TEST_F(SqliteStoreTest, EndedJobKeepsNoPayload) {
  using End = std::function<void(const LeasedJob&)>;
  const std::vector<End> ends = {
      [this](const LeasedJob& job) {
        EXPECT_TRUE(runner_
                        .Run(store().Complete(runner_.executor(), job.row.id, job.token, kWall,
                                              JobResult()))
                        .ok());
      },
      [this](const LeasedJob& job) {
        EXPECT_TRUE(runner_
                        .Run(store().Fail(runner_.executor(), job.row.id, job.token, kWall,
                                          rpc::Status(absl::StatusCode::kNotFound, "gone")))
                        .ok());
      },
      [this](const LeasedJob& job) {
        EXPECT_TRUE(runner_.Run(store().Cancel(runner_.executor(), job.row.id, kWall, "no")).ok());
      },
      [this](const LeasedJob& job) {  // its worker died
        EXPECT_FALSE(Lease({kWall, kSteady + kLease}).job);
        EXPECT_EQ(Get(job.row.id).state, JobState::kFailed);
      },
  };
  for (const End& end : ends) {
    NewJob job{"kind", "payload", "correlation", kWall};
    job.max_attempts = 1;
    job.attachment = "kept";
    const std::string id = runner_.Run(store().Submit(runner_.executor(), std::move(job)))->id;
    const LeasedJob leased = *Lease().job;
    EXPECT_EQ(leased.payload, "payload");
    end(leased);
    Query query = (*opened_->database().Reader())
                      ->Ask("SELECT length(payload), attachment FROM jobs WHERE id = ?1", id);
    ASSERT_TRUE(*query.Next());
    EXPECT_EQ(query.Int(0), 0);
    EXPECT_EQ(query.Bytes(1), "kept");
  }
}

TEST_F(SqliteStoreTest, FilteredPageLooksAtABoundedNumberOfRows) {
  const std::string oldest = Submit()->id;
  ASSERT_TRUE(
      Run("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000) "
          "INSERT INTO jobs SELECT NULL, 'other' || i, 'other', 1, 0, 1, 0, 0, NULL, NULL, "
          "0, '', x'', 0, 0, NULL, NULL, NULL, NULL, 0, NULL, x'', NULL, NULL, NULL, NULL, x'', "
          "x'' FROM n")
          .ok());
  JobQuery query{.kind = "kind", .now = kWall};
  std::vector<size_t> sizes;
  std::vector<std::string> ids;
  do {
    const auto page = runner_.Run(store().List(runner_.executor(), query));
    ASSERT_TRUE(page.ok()) << page.status();
    sizes.push_back(page->jobs.size());
    for (const JobRow& row : page->jobs) ids.push_back(row.id);
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  EXPECT_EQ(sizes, (std::vector<size_t>{0, 0, 1}));
  EXPECT_EQ(ids, std::vector<std::string>{oldest});
  // By owner there is nothing to look through.
  query = {.owner = "owner", .now = kWall};
  const auto page = runner_.Run(store().List(runner_.executor(), query));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->jobs.size(), 1u);
  EXPECT_TRUE(page->next_page_token.empty());
}

TEST_F(SqliteStoreTest, LongestLifetimesAreTimesLikeOthers) {
  Restart({.remember = absl::InfiniteDuration()});
  NewJob job{"kind", "payload", "correlation", kWall};
  job.result_lifetime = absl::InfiniteDuration();
  const auto row = runner_.Run(store().Submit(runner_.executor(), job));
  ASSERT_TRUE(row.ok()) << row.status();
  const auto ended = runner_.Run(store().Cancel(runner_.executor(), row->id, kWall, "no"));
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_GT(*ended->expire_time, kWall + absl::Hours(24 * 365 * 99));
  const auto purged =
      runner_.Run(store().Purge(runner_.executor(), kWall + absl::Hours(24 * 365 * 101), 10));
  ASSERT_TRUE(purged.ok()) << purged.status();
  EXPECT_EQ(*purged, 1u);
  EXPECT_EQ(Get(row->id).state, JobState::kCancelled);
}

}  // namespace
}  // namespace slipway::jobs
