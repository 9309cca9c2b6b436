// What every store must do: lists, counts, events, many threads.
#include <atomic>
#include <coroutine>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "jobs/testing/store_suite.h"

namespace slipway::jobs {
namespace {

using Texts = std::vector<std::string>;

const char* Name(JobEvent::Type type) {
  switch (type) {
    case JobEvent::Type::kAccepted:
      return "accepted";
    case JobEvent::Type::kLeased:
      return "leased";
    case JobEvent::Type::kRetried:
      return "retried";
    case JobEvent::Type::kGivenBack:
      return "given back";
    case JobEvent::Type::kEnded:
      return "ended";
    case JobEvent::Type::kForgotten:
      break;
  }
  return "forgotten";
}

Texts Describe(const std::vector<JobEvent>& events) {
  Texts lines;
  for (const JobEvent& event : events) {
    lines.push_back(absl::StrCat(Name(event.type), " ", StateName(event.before), " ",
                                 StateName(event.after.state), " ", event.after.attempt));
  }
  return lines;
}

}  // namespace

TEST_P(StoreConformance, ListsNewestFirstInPages) {
  Texts newest_first;
  for (int i = 0; i < 7; ++i) newest_first.insert(newest_first.begin(), Submit().id);
  for (const int page_size : {1, 2, 3, 7, 8}) {
    EXPECT_EQ(List({.page_size = page_size, .now = kWall}), newest_first);
  }
  JobQuery query{.page_size = 7, .now = kWall};
  EXPECT_TRUE(ListPage(query)->next_page_token.empty()) << "the last page says that it is";
}

TEST_P(StoreConformance, ListsByOwnerStateAndKind) {
  const auto submit = [&](Text owner, Text kind) {
    NewJob job = Job(kind);
    job.owner = owner;
    return Submit(job).id;
  };
  const Text ann_a = submit("ann", "a");
  const Text ann_b = submit("ann", "b");
  const Text bob_a = submit("bob", "a");
  const Text nobody = submit("", "a");
  EXPECT_EQ(Lease().row.id, ann_a);
  EXPECT_EQ(List({.owner = "ann", .now = kWall}), (Texts{ann_b, ann_a}));
  EXPECT_EQ(List({.owner = "bob", .now = kWall}), Texts{bob_a});
  EXPECT_EQ(List({.owner = "", .now = kWall}), Texts{nobody});
  EXPECT_EQ(List({.owner = "carl", .now = kWall}), Texts());
  EXPECT_EQ(List({.state = JobState::kRunning, .now = kWall}), Texts{ann_a});
  EXPECT_EQ(List({.kind = "b", .now = kWall}), Texts{ann_b});
  EXPECT_EQ(List({.kind = "c", .now = kWall}), Texts());
  EXPECT_EQ(List({.state = JobState::kAccepted, .kind = "a", .page_size = 1, .now = kWall}),
            (Texts{nobody, bob_a}));
  EXPECT_EQ(List({.owner = "ann", .state = JobState::kAccepted, .page_size = 1, .now = kWall}),
            Texts{ann_b});
  EXPECT_EQ(List({.page_size = 2, .now = kWall}), (Texts{nobody, bob_a, ann_b, ann_a}));
}

TEST_P(StoreConformance, ListLeavesExpiredJobsOut) {
  const JobRow ended = Ended();
  const Text waiting = Submit().id;
  const absl::Time expire = *ended.expire_time;
  EXPECT_EQ(List({.now = expire - absl::Microseconds(1)}), (Texts{waiting, ended.id}));
  EXPECT_EQ(List({.now = expire}), Texts{waiting});
  EXPECT_EQ(Get(ended.id).state, JobState::kSucceeded);
}

TEST_P(StoreConformance, JobsSubmittedBetweenPagesDoNotShiftThem) {
  const Text oldest = Submit().id;
  Submit();
  const auto page = ListPage({.page_size = 1, .now = kWall});
  ASSERT_TRUE(page.ok());
  Submit();
  const auto next = ListPage({.page_size = 1, .page_token = page->next_page_token, .now = kWall});
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(next->jobs.size(), 1u);
  EXPECT_EQ(next->jobs[0].id, oldest);
  EXPECT_TRUE(next->next_page_token.empty());
}

TEST_P(StoreConformance, EmptyListHasNoToken) {
  const auto page = ListPage({.now = kWall});
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->jobs.empty());
  EXPECT_TRUE(page->next_page_token.empty());
}

TEST_P(StoreConformance, RefusesPageTokensOfOthers) {
  const absl::Status status = ListPage({.page_token = "made-up", .now = kWall}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

TEST_P(StoreConformance, CountsByKindAndState) {
  EXPECT_TRUE(Counts().empty());
  for (int i = 0; i < 3; ++i) Submit();
  Submit(Job("b"));
  Submit(Delayed(absl::Hours(1), "b"));
  Lease(At(), "b");
  const LeasedJob done = Lease();
  ASSERT_TRUE(Complete(done.row.id, done.token).ok());
  using Key = std::pair<Text, JobState>;
  EXPECT_EQ(Counts(), (std::map<Key, int64_t>{{{"a", JobState::kAccepted}, 2},
                                              {{"a", JobState::kSucceeded}, 1},
                                              {{"b", JobState::kAccepted}, 1},
                                              {{"b", JobState::kRunning}, 1}}));
  const LeasedJob failed = Lease();
  ASSERT_TRUE(Fail(failed.row.id, failed.token).ok());
  ASSERT_TRUE(Cancel(Lease().row.id).ok());
  EXPECT_FALSE(Complete(done.row.id, done.token).ok()) << "what is refused is not counted";
  ASSERT_TRUE(Delete(done.row.id).ok());
  EXPECT_EQ(Counts(), (std::map<Key, int64_t>{{{"a", JobState::kFailed}, 1},
                                              {{"a", JobState::kCancelled}, 1},
                                              {{"b", JobState::kAccepted}, 1},
                                              {{"b", JobState::kRunning}, 1}}));
}

TEST_P(StoreConformance, TellsEachStepOnceAndInOrder) {
  EventLog log(store());
  NewJob job = Job();
  job.max_attempts = 3;
  const Text id = Submit(job).id;
  EXPECT_EQ(Describe(log.Take()), Texts{"accepted accepted accepted 0"}) << "before the answer";
  ASSERT_TRUE(Release(id, Lease().token).ok());
  EXPECT_EQ(Describe(log.Take()),
            (Texts{"leased accepted running 1", "given back running accepted 0"}));
  ASSERT_TRUE(Retry(id, Lease().token, absl::ZeroDuration()).ok());
  EXPECT_EQ(Describe(log.Take()),
            (Texts{"leased accepted running 1", "retried running accepted 1"}));
  const int64_t stale = Lease().token;
  const LeasedJob leased = Lease(At(kLease));
  ASSERT_TRUE(Extend(id, leased.token, kSteady + 2 * kLease, 50).ok());
  EXPECT_FALSE(Complete(id, stale).ok());
  EXPECT_EQ(Describe(log.Take()), (Texts{"leased accepted running 2", "leased running running 3"}));
  EXPECT_FALSE(TryLease(At(3 * kLease)).job);
  const std::vector<JobEvent> ends = log.Take();
  ASSERT_EQ(Describe(ends), Texts{"ended running failed 3"});
  EXPECT_EQ(ends[0].after.id, id);
  EXPECT_EQ(ends[0].after.error.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ends[0].after.progress, 50);
  EXPECT_EQ(ends[0].after.end_time, kWall + 3 * kLease);
  ASSERT_TRUE(Delete(id).ok());
  EXPECT_EQ(Describe(log.Take()), Texts{"forgotten failed failed 3"});
}

TEST_P(StoreConformance, TellsHowJobsEnd) {
  EventLog log(store());
  for (int i = 0; i < 4; ++i) Submit();
  const LeasedJob succeeds = Lease();
  ASSERT_TRUE(Complete(succeeds.row.id, succeeds.token).ok());
  const LeasedJob fails = Lease();
  ASSERT_TRUE(Fail(fails.row.id, fails.token).ok());
  const LeasedJob runs = Lease();
  log.Take();
  ASSERT_TRUE(Cancel(runs.row.id).ok());
  ASSERT_TRUE(Cancel(runs.row.id).ok());
  ASSERT_TRUE(Cancel(List({.state = JobState::kAccepted, .now = kWall})[0]).ok());
  EXPECT_EQ(Describe(log.Take()),
            (Texts{"ended running cancelled 1", "ended accepted cancelled 0"}));
  Purge(absl::Hours(2));
  EXPECT_TRUE(log.Take().empty()) << "still known";
  Purge(absl::Hours(48));
  const Texts forgotten = Describe(log.Take());
  EXPECT_EQ(
      std::multiset<Text>(forgotten.begin(), forgotten.end()),
      (std::multiset<Text>{"forgotten succeeded succeeded 1", "forgotten failed failed 1",
                           "forgotten cancelled cancelled 1", "forgotten cancelled cancelled 0"}));
}

TEST_P(StoreConformance, TellsNothingOfWhatWasRefusedOrAnsweredAgain) {
  Limit({.max_waiting = 1});
  Submit(WithKey("ann", "key", "print"));
  EventLog log(store());
  Submit(WithKey("ann", "key", "print"));
  EXPECT_FALSE(TrySubmit(WithKey("ann", "key", "another")).ok());
  EXPECT_FALSE(TrySubmit(Job()).ok());
  EXPECT_FALSE(TryLease(At(), "b").job);
  EXPECT_FALSE(Delete(List({.now = kWall})[0]).ok());
  EXPECT_TRUE(log.Take().empty());
  EXPECT_EQ(log.TakeWakes(), Texts());
}

TEST_P(StoreConformance, WakesWorkersWhenSomethingWaits) {
  EventLog log(store());
  const Text id = Submit().id;
  EXPECT_EQ(log.TakeWakes(), Texts{"a"});
  Submit(Delayed(absl::Hours(1), "b"));
  EXPECT_EQ(log.TakeWakes(), Texts{"b"}) << "they must know when to ask again";
  const LeasedJob first = Lease();
  EXPECT_EQ(log.TakeWakes(), Texts());
  ASSERT_TRUE(Release(id, first.token).ok());
  EXPECT_EQ(log.TakeWakes(), Texts{"a"});
  const LeasedJob second = Lease();
  ASSERT_TRUE(Retry(id, second.token, absl::Seconds(1)).ok());
  EXPECT_EQ(log.TakeWakes(), Texts{"a"});
  const LeasedJob third = Lease(At(absl::Seconds(1)));
  ASSERT_TRUE(Complete(id, third.token).ok());
  EXPECT_EQ(log.TakeWakes(), Texts());
}

TEST_P(StoreConformance, TellsAllAgainToThoseWhomNobodyWaitsFor) {
  EventLog log(store());
  const Text id = Submit().id;
  ASSERT_TRUE(Release(id, Lease().token).ok());
  ASSERT_TRUE(Complete(id, Lease().token).ok());
  const Texts told = Describe(log.Take());
  EXPECT_EQ(told.size(), 5u);
  EXPECT_EQ(Describe(log.WaitForLater(5)), told);
}

TEST_P(StoreConformance, TellsWhichLeaseIsTheFirst) {
  EventLog log(store());
  const Text id = Submit().id;
  ASSERT_TRUE(Release(id, Lease().token).ok());
  Lease();
  std::vector<bool> firsts;
  for (const JobEvent& event : log.Take()) {
    if (event.type == JobEvent::Type::kLeased) firsts.push_back(event.first_lease);
  }
  EXPECT_EQ(firsts, (std::vector<bool>{true, false}));
}

TEST_P(StoreConformance, TakesSubmissionsOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  EventLog log(store());
  std::vector<std::set<Text>> ids(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, &mine = ids[static_cast<size_t>(i)]] {
      TaskRunner runner;
      for (int j = 0; j < kEach; ++j) {
        auto row = runner.Run(store().Submit(runner.executor(), Job()));
        if (row.ok() && runner.Run(store().Get(runner.executor(), row->id)).ok()) {
          mine.insert(row->id);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Text> all;
  for (const auto& mine : ids) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), static_cast<size_t>(kThreads * kEach));
  const Texts listed = List({.page_size = 1000, .now = kWall});
  // Told in the order in which they will be leased.
  const std::vector<JobEvent> events = log.Take();
  ASSERT_EQ(events.size(), listed.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].after.id, listed[listed.size() - 1 - i]);
  }
}

TEST_P(StoreConformance, OneKeyFromManyThreadsIsOneJob) {
  constexpr int kThreads = 4;
  std::vector<std::set<Text>> ids(kThreads);
  std::vector<std::thread> threads;
  for (std::set<Text>& mine : ids) {
    threads.emplace_back([this, &mine] {
      TaskRunner runner;
      for (int i = 0; i < 20; ++i) {
        auto task = store().Submit(runner.executor(), WithKey("ann", absl::StrCat(i), "print"));
        auto row = runner.Run(std::move(task));
        if (row.ok()) mine.insert(row->id);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::set<Text>& mine : ids) EXPECT_EQ(mine, ids[0]);
  EXPECT_EQ(ids[0].size(), 20u);
  EXPECT_EQ(List({.now = kWall}).size(), 20u);
}

TEST_P(StoreConformance, TaskThatIsGivenUpIsStillDone) {
  auto executor = std::make_unique<rpc::ThreadExecutor>();
  {
    // Begun, then destroyed while it waits.
    struct Waiting {
      static rpc::Task<void> Submit(Store& store, rpc::Executor& executor, NewJob job) {
        auto submit = store.Submit(executor, std::move(job));
        co_await std::move(submit);
        ADD_FAILURE() << "its frame was destroyed";
      }
    };
    rpc::Task<void> task = Waiting::Submit(store(), *executor, Job());
    auto awaiter = std::move(task).operator co_await();
    EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
  }
  executor.reset();
  while (List({.now = kWall}).empty()) std::this_thread::yield();
}

}  // namespace slipway::jobs
