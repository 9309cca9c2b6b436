#include "jobs/store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/reason.h"
#include "jobs/store/id.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/testing.h"

namespace slipway::jobs {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'763'736'600);

/// A store with what it needs to live.
class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual Store& store() = 0;
};

class MemoryFixture : public Fixture {
 public:
  Store& store() override { return store_; }

 private:
  MemoryStore store_;
};

class SqliteFixture : public Fixture {
 public:
  SqliteFixture() {
    auto database =
        Database::Open({.path = directory_.File("jobs.db"), .components = {SqliteStore::Tables()}});
    if (!database.ok()) ADD_FAILURE() << database.status();
    database_ = *std::move(database);
    store_ = std::make_unique<SqliteStore>(*database_);
  }
  Store& store() override { return *store_; }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqliteStore> store_;
};

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<Fixture>()> make;
};

/// What every store must do.
class StoreConformance : public testing::TestWithParam<Implementation> {
 protected:
  Store& store() { return fixture_->store(); }

  JobRow Submit(std::string kind = "a", std::string payload = "work") {
    auto row = runner_.Run(store().Submit(
        runner_.executor(), NewJob{std::move(kind), std::move(payload), "correlation", kStart}));
    EXPECT_TRUE(row.ok()) << row.status();
    return *row;
  }
  std::optional<LeasedJob> Lease(std::vector<std::string> kinds = {"a"}, absl::Time now = kStart) {
    auto job = runner_.Run(
        store().LeaseNext(runner_.executor(), std::move(kinds), now, absl::Seconds(30)));
    EXPECT_TRUE(job.ok()) << job.status();
    return *std::move(job);
  }
  JobRow Get(const std::string& id) {
    auto row = runner_.Run(store().Get(runner_.executor(), id));
    EXPECT_TRUE(row.ok()) << row.status();
    return *row;
  }
  absl::StatusOr<JobPage> List(int page_size, std::string token = {}) {
    return runner_.Run(store().List(runner_.executor(), page_size, std::move(token)));
  }
  absl::Status Complete(const std::string& id, int64_t token) {
    return runner_.Run(store().Complete(runner_.executor(), id, token, kStart + absl::Seconds(2),
                                        JobResult{"text/plain", std::string("a\0b", 3)}));
  }
  absl::Status Fail(const std::string& id, int64_t token) {
    return runner_.Run(
        store().Fail(runner_.executor(), id, token, kStart + absl::Seconds(2),
                     rpc::Status(absl::StatusCode::kNotFound, "gone", std::string("d\0e", 3))));
  }
  absl::Status Release(const std::string& id, int64_t token) {
    return runner_.Run(store().Release(runner_.executor(), id, token));
  }

  TaskRunner runner_;
  std::unique_ptr<Fixture> fixture_ = GetParam().make();
};

TEST_P(StoreConformance, SubmittedJobIsThere) {
  const JobRow submitted = Submit("a", "work");
  EXPECT_TRUE(ValidJobId(submitted.id));
  for (const JobRow& row : {submitted, Get(submitted.id)}) {
    EXPECT_EQ(row.id, submitted.id);
    EXPECT_EQ(row.kind, "a");
    EXPECT_EQ(row.state, JobState::kAccepted);
    EXPECT_EQ(row.attempt, 0);
    EXPECT_EQ(row.correlation_id, "correlation");
    EXPECT_EQ(row.create_time, kStart);
    EXPECT_FALSE(row.start_time);
    EXPECT_FALSE(row.end_time);
  }
}

TEST_P(StoreConformance, UnknownIdIsNotFoundEverywhere) {
  Submit();
  const std::string id = NewJobId(kStart);
  const std::vector<absl::Status> answers = {
      runner_.Run(store().Get(runner_.executor(), id)).status(),
      runner_.Run(store().GetOutcome(runner_.executor(), id)).status(),
      Complete(id, 1),
      Fail(id, 1),
      Release(id, 1),
  };
  for (const absl::Status& status : answers) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kNotFound);
    EXPECT_EQ(status.message(), "job ID not found: " + id);
  }
}

TEST_P(StoreConformance, LeasesTheOldestOfItsKinds) {
  const std::vector<std::string> ids = {Submit("b").id, Submit("a", "first").id, Submit("c").id,
                                        Submit("a", "second").id};
  const auto first = Lease({"a", "c"});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->row.id, ids[1]);
  EXPECT_EQ(first->payload, "first");
  EXPECT_EQ(first->row.state, JobState::kRunning);
  EXPECT_EQ(first->row.attempt, 1);
  EXPECT_EQ(first->row.start_time, kStart);
  EXPECT_FALSE(first->recovered);
  EXPECT_EQ(Get(ids[1]).state, JobState::kRunning);
  EXPECT_EQ(Lease({"a", "c"})->row.id, ids[2]);
  EXPECT_EQ(Lease({"a", "c"})->row.id, ids[3]);
  EXPECT_FALSE(Lease({"a", "c"}));
  EXPECT_FALSE(Lease({}));
  EXPECT_EQ(Lease({"b"})->row.id, ids[0]);
}

TEST_P(StoreConformance, CompletedJobHasItsResult) {
  const std::string id = Submit().id;
  const auto job = Lease();
  ASSERT_TRUE(Complete(id, job->token).ok());
  const auto outcome = runner_.Run(store().GetOutcome(runner_.executor(), id));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->row.state, JobState::kSucceeded);
  EXPECT_EQ(outcome->row.end_time, kStart + absl::Seconds(2));
  EXPECT_EQ(outcome->result.content_type, "text/plain");
  EXPECT_EQ(outcome->result.body, std::string("a\0b", 3));
  EXPECT_FALSE(Lease({"a"}, kStart + absl::Hours(1)));
}

TEST_P(StoreConformance, FailedJobHasItsError) {
  const std::string id = Submit().id;
  ASSERT_TRUE(Fail(id, Lease()->token).ok());
  const JobRow row = Get(id);
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.end_time, kStart + absl::Seconds(2));
  EXPECT_EQ(row.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(row.error.message(), "gone");
  EXPECT_EQ(row.error.details(), std::string("d\0e", 3));
  EXPECT_FALSE(Lease({"a"}, kStart + absl::Hours(1)));
}

TEST_P(StoreConformance, ExpiredLeaseIsLeasedAgainAndTheOldTokenRefused) {
  const std::string id = Submit().id;
  const auto first = Lease();
  EXPECT_FALSE(Lease({"a"}, kStart + absl::Seconds(30) - absl::Microseconds(1)));
  const auto second = Lease({"a"}, kStart + absl::Seconds(30));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->row.id, id);
  EXPECT_EQ(second->row.attempt, 2);
  EXPECT_TRUE(second->recovered);
  EXPECT_GT(second->token, first->token);
  for (const absl::Status& status :
       {Complete(id, first->token), Fail(id, first->token), Release(id, first->token)}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kConflict);
    EXPECT_EQ(Get(id).state, JobState::kRunning);
  }
  EXPECT_TRUE(Complete(id, second->token).ok());
}

TEST_P(StoreConformance, ExpiredLeaseThatNobodyTookIsStillGood) {
  const std::string id = Submit().id;
  const auto job = Lease({"a"}, kStart - absl::Hours(1));
  EXPECT_TRUE(Complete(id, job->token).ok());
}

TEST_P(StoreConformance, JobEndsOnce) {
  const std::string id = Submit().id;
  const auto job = Lease();
  ASSERT_TRUE(Complete(id, job->token).ok());
  EXPECT_TRUE(absl::IsAborted(Complete(id, job->token)));
  EXPECT_TRUE(absl::IsAborted(Fail(id, job->token)));
  EXPECT_TRUE(absl::IsAborted(Release(id, job->token)));
  EXPECT_EQ(Get(id).state, JobState::kSucceeded);
}

TEST_P(StoreConformance, ReleasedJobWaitsAtItsOldPlace) {
  const std::string first = Submit().id;
  Submit();
  const auto job = Lease();
  ASSERT_TRUE(Release(first, job->token).ok());
  const JobRow row = Get(first);
  EXPECT_EQ(row.state, JobState::kAccepted);
  EXPECT_FALSE(row.start_time);
  EXPECT_TRUE(absl::IsAborted(Complete(first, job->token)));
  const auto again = Lease();
  EXPECT_EQ(again->row.id, first);
  EXPECT_EQ(again->row.attempt, 2);
  EXPECT_FALSE(again->recovered);
  EXPECT_GT(again->token, job->token);
}

TEST_P(StoreConformance, ListsNewestFirstInPages) {
  std::vector<std::string> newest_first;
  for (int i = 0; i < 7; ++i) newest_first.insert(newest_first.begin(), Submit().id);
  for (const int page_size : {1, 2, 3, 7, 8}) {
    std::vector<std::string> listed;
    std::string token;
    size_t pages = 0;
    do {
      const auto page = List(page_size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_LE(page->jobs.size(), static_cast<size_t>(page_size));
      for (const JobRow& row : page->jobs) listed.push_back(row.id);
      token = page->next_page_token;
      ++pages;
    } while (!token.empty());
    EXPECT_EQ(listed, newest_first);
    EXPECT_EQ(pages, (newest_first.size() + page_size - 1) / page_size);
  }
}

TEST_P(StoreConformance, JobsSubmittedBetweenPagesDoNotShiftThem) {
  const std::string oldest = Submit().id;
  Submit();
  const auto page = List(1);
  ASSERT_TRUE(page.ok());
  Submit();
  const auto next = List(1, page->next_page_token);
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(next->jobs.size(), 1u);
  EXPECT_EQ(next->jobs[0].id, oldest);
  EXPECT_TRUE(next->next_page_token.empty());
}

TEST_P(StoreConformance, EmptyListHasNoToken) {
  const auto page = List(10);
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->jobs.empty());
  EXPECT_TRUE(page->next_page_token.empty());
}

TEST_P(StoreConformance, RefusesPageTokensOfOthers) {
  EXPECT_TRUE(absl::IsInvalidArgument(List(10, "made-up").status()));
}

TEST_P(StoreConformance, CountsByKindAndState) {
  for (int i = 0; i < 3; ++i) Submit("a");
  Submit("b");
  Lease({"b"});
  const auto done = Lease({"a"});
  ASSERT_TRUE(Complete(done->row.id, done->token).ok());
  const auto counts = store().Count();
  ASSERT_TRUE(counts.ok()) << counts.status();
  std::set<std::string> lines;
  for (const JobCount& count : *counts) {
    lines.insert(count.kind + " " + StateName(count.state) + " " + std::to_string(count.count));
  }
  EXPECT_EQ(lines, (std::set<std::string>{"a accepted 2", "a succeeded 1", "b running 1"}));
}

TEST_P(StoreConformance, KnowsTheOldestWaitingJob) {
  EXPECT_FALSE(store().OldestWaiting("a")->has_value());
  Submit("a");
  EXPECT_EQ(store().OldestWaiting("a")->value(), kStart);
  EXPECT_FALSE(store().OldestWaiting("b")->has_value());
  Lease({"a"});
  EXPECT_FALSE(store().OldestWaiting("a")->has_value());
}

TEST_P(StoreConformance, SignalsNewAndReleasedJobs) {
  std::atomic<int> runnable{0};
  std::atomic<int> accepted{0};
  const auto on_runnable = store().OnRunnable([&runnable] { ++runnable; });
  const auto on_accepted = store().OnAccepted([&accepted](const JobRow&) { ++accepted; });
  const std::string id = Submit().id;
  EXPECT_EQ(runnable, 1);
  EXPECT_EQ(accepted, 1);
  const auto job = Lease();
  EXPECT_EQ(runnable, 1);
  ASSERT_TRUE(Release(id, job->token).ok());
  EXPECT_EQ(runnable, 2);
  EXPECT_EQ(accepted, 1);
}

TEST_P(StoreConformance, TakesSubmissionsOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::set<std::string>> ids(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &mine = ids[static_cast<size_t>(i)]] {
      TaskRunner runner;
      for (int j = 0; j < kEach; ++j) {
        auto row =
            runner.Run(store().Submit(runner.executor(), NewJob{"a", "", "correlation", kStart}));
        if (row.ok() && runner.Run(store().Get(runner.executor(), row->id)).ok()) {
          mine.insert(row->id);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : ids) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kEach));
  EXPECT_EQ(List(1000)->jobs.size(), all.size());
}

TEST_P(StoreConformance, TaskThatIsGivenUpIsStillDone) {
  auto executor = std::make_unique<rpc::ThreadExecutor>();
  {
    // Begun, then destroyed while it waits.
    struct Waiting {
      static rpc::Task<void> Submit(Store& store, rpc::Executor& executor) {
        auto submit = store.Submit(executor, NewJob{"a", "", "correlation", kStart});
        co_await std::move(submit);
        ADD_FAILURE() << "its frame was destroyed";
      }
    };
    rpc::Task<void> task = Waiting::Submit(store(), *executor);
    auto awaiter = std::move(task).operator co_await();
    EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  }
  executor.reset();
  while (List(10)->jobs.empty()) std::this_thread::yield();
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreConformance,
    testing::Values(Implementation{"Memory", [] { return std::make_unique<MemoryFixture>(); }},
                    Implementation{"Sqlite", [] { return std::make_unique<SqliteFixture>(); }}),
    [](const auto& info) { return info.param.name; });

/// Random operations against both stores: they must stay equal.
TEST(StoreModel, MemoryAndSqliteAgree) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  MemoryFixture memory;
  SqliteFixture sqlite;
  TaskRunner runner;
  absl::Time now = kStart;
  struct Twin {
    std::string ids[2];
    std::vector<std::pair<int64_t, int64_t>> tokens;
  };
  std::vector<Twin> jobs;
  Store* const stores[2] = {&memory.store(), &sqlite.store()};
  const auto find = [&](int which, const std::string& id) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (jobs[i].ids[which] == id) return i;
    }
    return jobs.size();
  };
  for (int step = 0; step < 1000; ++step) {
    now += absl::Seconds(static_cast<int64_t>(random() % 3));
    const unsigned action = random() % 10;
    const std::string kind(1, static_cast<char>('a' + random() % 2));
    if (action < 3 || jobs.empty()) {
      Twin& twin = jobs.emplace_back();
      for (int i = 0; i < 2; ++i) {
        twin.ids[i] =
            runner.Run(stores[i]->Submit(runner.executor(), NewJob{kind, "", "", now}))->id;
      }
    } else if (action < 6) {
      std::optional<LeasedJob> leased[2];
      for (int i = 0; i < 2; ++i) {
        leased[i] =
            *runner.Run(stores[i]->LeaseNext(runner.executor(), {kind}, now, absl::Seconds(5)));
      }
      ASSERT_EQ(leased[0].has_value(), leased[1].has_value());
      if (!leased[0]) continue;
      const size_t which = find(0, leased[0]->row.id);
      ASSERT_EQ(which, find(1, leased[1]->row.id));
      ASSERT_EQ(leased[0]->recovered, leased[1]->recovered);
      jobs[which].tokens.emplace_back(leased[0]->token, leased[1]->token);
    } else {
      const Twin& twin = jobs[random() % jobs.size()];
      if (twin.tokens.empty()) continue;
      const auto& tokens = twin.tokens[random() % twin.tokens.size()];
      absl::Status answers[2];
      for (int i = 0; i < 2; ++i) {
        const int64_t token = i == 0 ? tokens.first : tokens.second;
        auto& executor = runner.executor();
        answers[i] =
            action < 8 ? runner.Run(stores[i]->Complete(executor, twin.ids[i], token, now, {}))
            : action < 9
                ? runner.Run(stores[i]->Fail(executor, twin.ids[i], token, now,
                                             rpc::Status(absl::StatusCode::kInternal, "no")))
                : runner.Run(stores[i]->Release(executor, twin.ids[i], token));
      }
      ASSERT_EQ(answers[0].code(), answers[1].code());
    }
  }
  for (const Twin& twin : jobs) {
    const auto one = runner.Run(stores[0]->Get(runner.executor(), twin.ids[0]));
    const auto other = runner.Run(stores[1]->Get(runner.executor(), twin.ids[1]));
    EXPECT_EQ(one->state, other->state);
    EXPECT_EQ(one->attempt, other->attempt);
    EXPECT_EQ(one->start_time, other->start_time);
    EXPECT_EQ(one->end_time, other->end_time);
  }
}

}  // namespace
}  // namespace slipway::jobs
