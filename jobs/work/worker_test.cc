#include "jobs/work/worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "jobs/testing/worker_fixture.h"

namespace slipway::jobs {
namespace {

using Strings = std::vector<std::string>;

INSTANTIATE_TEST_SUITE_P(Stores, WorkerTest, testing::Values("Memory", "Sqlite"),
                         [](const auto& info) { return info.param; });

// What runs when, in which order, how many at a time.

TEST_P(WorkerTest, RunsOneAfterTheOtherInOrder) {
  options_.default_concurrency = 1;
  Strings payloads;
  Strings ids;
  for (int i = 0; i < 100; ++i) {
    payloads.push_back(std::to_string(i));
    ids.push_back(Submit("note", payloads.back()));
  }
  StartWorker();
  EXPECT_EQ(journal_.WaitFor(100), payloads);
  worker_->Stop(absl::Seconds(10));
  for (size_t i = 0; i < ids.size(); ++i) {
    const JobOutcome outcome = Get(ids[i]);
    EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
    EXPECT_EQ(outcome.result.body, "done " + payloads[i]);
    EXPECT_EQ(outcome.result.content_type, "text/plain");
    EXPECT_EQ(outcome.row.attempt, 1);
  }
  EXPECT_EQ(last_correlation_id_, "my-correlation");
}

TEST_P(WorkerTest, BeginsInOrderWhenManyRunAtOnce) {
  Strings payloads;
  for (int i = 0; i < 200; ++i) {
    payloads.push_back(std::to_string(i));
    Submit("note", payloads.back());
  }
  StartWorker();
  EXPECT_EQ(journal_.WaitFor(200), payloads);
}

TEST_P(WorkerTest, IsWokenBySubmissions) {
  options_.sweep = absl::Hours(1);
  StartWorker();
  for (size_t i = 1; i <= 20; ++i) {
    Submit("note", "x");
    ASSERT_EQ(journal_.WaitFor(i).size(), i);
  }
}

TEST_P(WorkerTest, SubmissionWakesNoOtherKind) {
  options_.sweep = absl::Hours(1);
  const size_t kinds = Handlers().size();
  StartWorker();
  spy_.WaitFor("LeaseNext", kinds);
  for (size_t i = 1; i <= 3; ++i) {
    Submit("note", "x");
    events_.WaitFor(Type::kEnded, i);
  }
  std::map<std::string, int> asked;
  for (const SpyStore::Request& request : spy_.Requests("LeaseNext")) ++asked[request.kind];
  EXPECT_EQ(asked.size(), kinds);
  for (const auto& [kind, count] : asked) {
    if (kind == "note") continue;
    EXPECT_EQ(count, 1) << kind;
  }
}

TEST_P(WorkerTest, FindsByItselfWhatItWasNotToldOf) {
  options_.sweep = absl::Milliseconds(1);
  spy_.Deafen();
  StartWorker();
  spy_.WaitFor("LeaseNext", 10);
  Submit("note", "x");
  EXPECT_EQ(journal_.WaitFor(1).size(), 1u);
}

TEST_P(WorkerTest, RunsUpToItsConcurrencyAtOnce) {
  options_.concurrency["gate"] = 3;
  StartWorker();
  for (int i = 0; i < 5; ++i) Submit("gate", std::to_string(i));
  EXPECT_EQ(journal_.WaitFor(3), (Strings{"0", "1", "2"}));
  // Nor did it lease more.
  Submit("note", "other kind");
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(events_.Of(Type::kLeased).size(), 4u);
  gate_.Open();
  events_.WaitFor(Type::kEnded, 6);
  // Never more than three at once.
  int running = 0;
  for (const std::string& entry : journal_.Entries()) {
    if (entry == "other kind") continue;
    running += entry.size() > 1 ? -1 : 1;
    EXPECT_LE(running, 3);
  }
}

TEST_P(WorkerTest, UnnamedKindHasTheDefaultConcurrency) {
  options_.default_concurrency = 2;
  options_.concurrency["note"] = 7;
  StartWorker();
  for (int i = 0; i < 4; ++i) Submit("gate", std::to_string(i));
  EXPECT_EQ(journal_.WaitFor(2), (Strings{"0", "1"}));
  Submit("note", "x");
  EXPECT_EQ(journal_.WaitFor(3).back(), "x");
}

TEST_P(WorkerTest, SlowKindDoesNotHoldUpAnother) {
  options_.concurrency["gate"] = 1;
  for (int i = 0; i < 50; ++i) Submit("gate", "slow");
  for (int i = 0; i < 50; ++i) Submit("note", "fast");
  StartWorker();
  EXPECT_EQ(journal_.WaitFor(51).size(), 51u);
  EXPECT_EQ(events_.WaitFor(Type::kEnded, 50).size(), 50u);
}

TEST_P(WorkerTest, LeavesKindsOfOthersAlone) {
  const std::string other = Submit("other");
  const std::string mine = Submit("note", "x");
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(mine).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(other).row.state, JobState::kAccepted);
}

TEST_P(WorkerTest, TenThousandJobsAreAllDoneOnce) {
  constexpr int kJobs = 10'000;
  worker_ = std::make_unique<Worker>(spy_, options_);
  worker_->AddHandler("note", Handlers()["note"]);
  worker_->Start();
  std::set<std::string> payloads;
  for (int i = 0; i < kJobs; ++i) {
    payloads.insert(std::to_string(i));
    Submit("note", std::to_string(i));
  }
  EXPECT_EQ(events_.WaitFor(Type::kEnded, kJobs).size(), size_t{kJobs});
  worker_->Stop(absl::Seconds(10));
  const Strings entries = journal_.Entries();
  EXPECT_EQ(entries.size(), size_t{kJobs});
  EXPECT_EQ(std::set<std::string>(entries.begin(), entries.end()), payloads);
  EXPECT_EQ(events_.Of(Type::kLeased).size(), size_t{kJobs});
}

TEST_P(WorkerTest, HandlersMayUseTheThreadsSockets) {
  auto worker = std::make_unique<Worker>(spy_, options_);
  rpc::IoExecutor& executor = worker->executor();
  const rpc::Executor* used = nullptr;
  worker->AddHandler("note", [&](Attempt& attempt) -> rpc::Task<absl::StatusOr<JobResult>> {
    used = &attempt.call().executor();
    return Handlers()["note"](attempt);
  });
  worker->Start();
  Submit("note", "x");
  events_.WaitFor(Type::kEnded, 1);
  worker->Stop(absl::Seconds(10));
  EXPECT_EQ(used, &executor);
}

// Errors and further attempts.

TEST_P(WorkerTest, ErrorThatMayPassIsTriedAgainAfterAWait) {
  options_.random = [] { return 1.0; };
  options_.backoff = {absl::Milliseconds(10), absl::Milliseconds(40), 2};
  for (int i = 0; i < 4; ++i) Fail(absl::UnavailableError("down " + std::to_string(i)));
  const std::string id = Submit("fail", "x");
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(journal_.Entries(), (Strings{"x", "x", "x", "x", "x"}));
  const std::vector<JobRow> retried = events_.Of(Type::kRetried);
  ASSERT_EQ(retried.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(retried[i].attempt, i + 1);
    EXPECT_EQ(retried[i].error.message(), "down " + std::to_string(i));
  }
  const JobOutcome outcome = Get(id);
  EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
  EXPECT_EQ(outcome.row.attempt, 5);
  EXPECT_EQ(outcome.result.body, "done x");
  // Each wait begins when the one before is over.
  const std::vector<SpyStore::Request> requests = spy_.Requests("Retry");
  ASSERT_EQ(requests.size(), 4u);
  const int waits[] = {10, 20, 40, 40};
  absl::Time before = kNow;
  for (int i = 0; i < 4; ++i) {
    EXPECT_GE(requests[i].until, before + absl::Milliseconds(waits[i])) << i;
    before = requests[i].until;
  }
}

TEST_P(WorkerTest, WaitBetweenAttemptsIsCountedFromTheEndOfTheAttempt) {
  options_.random = [] { return 0.5; };
  options_.backoff.first = options_.backoff.most = absl::Hours(1000);
  Fail(absl::AbortedError("busy"));
  const std::string id = Submit("fail", "x");
  clock_.Advance(absl::Hours(24 * 365));
  StartWorker();
  events_.WaitFor(Type::kRetried, 1);
  const absl::Time wake = spy_.Requests("Retry")[0].until;
  const absl::Duration wait = wake - (kNow + absl::Hours(24 * 365));
  EXPECT_GE(wait, absl::Hours(750));
  EXPECT_LE(wait, absl::Hours(751));
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
  EXPECT_EQ(Get(id).row.attempt, 1);
  EXPECT_EQ(Get(id).row.error.message(), "busy");
}

TEST_P(WorkerTest, WaitingJobLetsLaterOnesPass) {
  options_.default_concurrency = 1;
  options_.backoff.first = absl::Hours(1);
  options_.backoff.most = absl::Hours(1);
  Fail(absl::AbortedError("busy"));
  Submit("fail", "first");
  Submit("fail", "second");
  StartWorker();
  EXPECT_EQ(journal_.WaitFor(2), (Strings{"first", "second"}));
}

TEST_P(WorkerTest, AttemptsRunOut) {
  options_.backoff.first = absl::Milliseconds(1);
  for (int i = 0; i < 9; ++i) Fail(absl::ResourceExhaustedError("full " + std::to_string(i)));
  const std::string id = Submit("fail", "x", [](NewJob& job) { job.max_attempts = 3; });
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  const JobRow row = Get(id).row;
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.attempt, 3);
  EXPECT_EQ(row.error.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(row.error.message(), "full 2 (after 3 attempts)");
  EXPECT_EQ(journal_.Entries().size(), 3u);
}

TEST_P(WorkerTest, OtherErrorFailsAtOnce) {
  Fail(absl::NotFoundError("no such thing"));
  const std::string id = Submit("fail", "x");
  const std::string after = Submit("fail", "y");
  StartWorker();
  events_.WaitFor(Type::kEnded, 2);
  const JobRow row = Get(id).row;
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.attempt, 1);
  EXPECT_EQ(row.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(row.error.message(), "no such thing");
  EXPECT_EQ(Get(after).row.state, JobState::kSucceeded);
  EXPECT_TRUE(events_.Of(Type::kRetried).empty());
}

TEST_P(WorkerTest, WhatMayPassIsChosen) {
  options_.retry = {absl::StatusCode::kNotFound};
  options_.backoff.first = absl::Milliseconds(1);
  Fail(absl::NotFoundError("not yet"));
  Fail(absl::UnavailableError("gone for good"));
  const std::string id = Submit("fail", "x");
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).row.state, JobState::kFailed);
  EXPECT_EQ(Get(id).row.attempt, 2);
}

TEST_P(WorkerTest, PoisonedJobFailsAndItsNeighboursRun) {
  const std::string poisoned = Submit("note", "poison", [](NewJob& job) { job.max_attempts = 2; });
  for (int i = 0; i < 2; ++i) ASSERT_EQ(LeaseAndDie("note").row.id, poisoned);
  const std::string neighbour = Submit("note", "neighbour");
  StartWorker();
  events_.WaitFor(Type::kEnded, 2);
  EXPECT_EQ(Get(poisoned).row.state, JobState::kFailed);
  EXPECT_EQ(Get(poisoned).row.error.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Get(neighbour).row.state, JobState::kSucceeded);
  EXPECT_EQ(journal_.Entries(), Strings{"neighbour"});
}

TEST_P(WorkerTest, AttemptThatTakesTooLongIsTriedAgain) {
  options_.attempt_timeout = absl::Milliseconds(5);
  options_.backoff.first = absl::Milliseconds(1);
  const std::string id = Submit("hang", "slow", [](NewJob& job) { job.max_attempts = 2; });
  StartWorker();
  const std::vector<JobRow> ended = events_.WaitFor(Type::kEnded, 1);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].state, JobState::kFailed);
  EXPECT_EQ(ended[0].error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ended[0].error.message(), "the attempt took longer than 5ms (after 2 attempts)");
  EXPECT_EQ(journal_.Entries(), (Strings{"slow", "slow ended", "slow", "slow ended"}));
}

TEST_P(WorkerTest, HandlerThatIgnoresTheEndOfItsTimeIsAbandoned) {
  options_.attempt_timeout = absl::Milliseconds(5);
  options_.patience = absl::Milliseconds(5);
  options_.default_concurrency = 1;
  const auto once = [](NewJob& job) { job.max_attempts = 1; };
  const std::string stuck = Submit("ignore", "stuck", once);
  const std::string late = Submit("gate", "late", once);
  Submit("ignore", "next", once);
  Submit("gate", "next", once);
  StartWorker();
  // Their lanes go on without them.
  EXPECT_EQ(journal_.WaitFor(4).size(), 4u);
  EXPECT_EQ(events_.WaitFor(Type::kEnded, 4).size(), 4u);
  for (const std::string& id : {stuck, late}) {
    EXPECT_EQ(Get(id).row.state, JobState::kFailed);
    EXPECT_EQ(Get(id).row.error.code(), absl::StatusCode::kDeadlineExceeded);
  }
  // One that ends later changes nothing.
  gate_.Open();
  EXPECT_EQ(journal_.WaitFor(6).size(), 6u);
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(late).row.state, JobState::kFailed);
  EXPECT_EQ(events_.Of(Type::kEnded).size(), 4u);
}

// Leases.

TEST_P(WorkerTest, HeartbeatKeepsALongJob) {
  options_.lease = absl::Milliseconds(200);
  options_.sweep = absl::Milliseconds(5);
  const std::string id = Submit("gate", "long");
  StartWorker();
  const std::vector<SpyStore::Request> extended = spy_.WaitFor("Extend", 3);
  ASSERT_GE(extended.size(), 3u);
  EXPECT_LT(extended[0].until, extended[1].until);
  EXPECT_LT(extended[1].until, extended[2].until);
  EXPECT_EQ(extended[0].progress, 40);
  EXPECT_EQ(Get(id).row.progress, 40);
  gate_.Open();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(id).row.attempt, 1);
  EXPECT_EQ(events_.Of(Type::kLeased).size(), 1u);
}

TEST_P(WorkerTest, HeartbeatGoesOnWhenTheStoreHadNoRoom) {
  options_.lease = absl::Milliseconds(200);
  int refusals = 1;
  spy_.Refuse([&refusals](const std::string& operation) {
    const bool refuse = operation == "Extend" && refusals-- > 0;
    return refuse ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  });
  const std::string id = Submit("gate", "long");
  StartWorker();
  EXPECT_GE(spy_.WaitFor("Extend", 3).size(), 3u);
  gate_.Open();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  worker_.reset();  // before what its store refers to
}

TEST_P(WorkerTest, HeartbeatTellsTheHandlerThatItsJobWasCancelled) {
  options_.lease = absl::Milliseconds(30);
  options_.sweep = absl::Milliseconds(5);
  spy_.Deafen();
  const std::string id = Submit("hang", "x");
  StartWorker();
  journal_.WaitFor(1);
  EXPECT_EQ(Cancel(id).state, JobState::kCancelled);
  EXPECT_EQ(journal_.WaitFor(2), (Strings{"x", "x ended"}));
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).row.state, JobState::kCancelled);
  EXPECT_TRUE(spy_.Requests("Complete").empty());
  EXPECT_TRUE(spy_.Requests("Fail").empty());
  EXPECT_TRUE(spy_.Requests("Release").empty());
}

TEST_P(WorkerTest, RecoversAJobWhoseLeaseExpired) {
  const std::string id = Submit("note", "x");
  LeaseAndDie("note");
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(id).row.attempt, 2);
}

TEST_P(WorkerTest, JobsOfADeadWorkerRunAgainAfterTheirLease) {
  options_.lease = absl::Milliseconds(100);
  options_.concurrency["gate"] = 100;
  options_.patience = absl::ZeroDuration();
  for (int i = 0; i < 100; ++i) Submit("gate", std::to_string(i));
  {
    SpyStore grave(store_);
    auto dead = NewWorker(grave);
    dead->Start();
    ASSERT_EQ(journal_.WaitFor(100).size(), 100u);
    grave.Die();
  }
  EXPECT_TRUE(events_.Of(Type::kGivenBack).empty());
  gate_.Open();
  StartWorker();
  const std::vector<JobRow> ended = events_.WaitFor(Type::kEnded, 100);
  ASSERT_EQ(ended.size(), 100u);
  for (const JobRow& row : ended) {
    EXPECT_EQ(row.state, JobState::kSucceeded);
    EXPECT_EQ(row.attempt, 2);
  }
}

TEST_P(WorkerTest, StaleEndIsRefused) {
  options_.lease = absl::Milliseconds(50);
  absl::Notification began;
  absl::Notification go_on;
  auto stale = std::make_unique<Worker>(spy_, options_);
  // Blocks the thread, and with it the heartbeat.
  stale->AddHandler("note", [&](Attempt&) -> rpc::Task<absl::StatusOr<JobResult>> {
    began.Notify();
    go_on.WaitForNotification();
    JobResult result;
    result.body = "stale";
    co_return result;
  });
  stale->Start();
  const std::string id = Submit("note", "x");
  ASSERT_TRUE(began.WaitForNotificationWithTimeout(absl::Seconds(30)));
  auto fresh = NewWorker(store_);
  fresh->Start();
  EXPECT_EQ(events_.WaitFor(Type::kEnded, 1).size(), 1u);
  go_on.Notify();
  EXPECT_EQ(spy_.WaitFor("Complete", 1).size(), 1u);
  stale->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).result.body, "done x");
  EXPECT_EQ(Get(id).row.attempt, 2);
  EXPECT_EQ(events_.Of(Type::kEnded).size(), 1u);
}

/// The store could not write for longer than a lease: neither what runs nor what has ended is taken
/// for lost once it can.
TEST_P(WorkerTest, KeepsItsJobsWhenTheStoreHadNoRoomForLongerThanALease) {
  options_.lease = absl::Milliseconds(100);
  options_.sweep = absl::Milliseconds(5);
  std::atomic<bool> full{true};
  spy_.Refuse([&full](const std::string& operation) {
    const bool refuse = full && (operation == "Extend" || operation == "Complete");
    return refuse ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  });
  const auto once = [](NewJob& job) { job.max_attempts = 1; };
  const std::string runs = Submit("gate", "runs", once);
  const std::string ended = Submit("note", "ended", once);
  StartWorker();
  // The second try comes a second after the first: the leases have run out long before.
  std::set<std::string> tried;
  for (size_t count = 1; tried.size() < 2 || count < 6; ++count) {
    tried.insert(spy_.WaitFor("Extend", count).at(count - 1).id);
    Submit("gate", "new");
    Submit("note", "new");
  }
  EXPECT_EQ(events_.Of(Type::kEnded).size(), 0u);
  full = false;
  gate_.Open();
  std::vector<JobRow> rows = events_.WaitFor(Type::kEnded, 2);
  while (Get(runs).row.state == JobState::kRunning || Get(ended).row.state == JobState::kRunning) {
    rows = events_.WaitFor(Type::kEnded, rows.size() + 1);
  }
  for (const std::string& id : {runs, ended}) {
    const JobRow row = Get(id).row;
    EXPECT_EQ(row.state, JobState::kSucceeded) << row.error.message();
    EXPECT_EQ(row.attempt, 1);
  }
  // And the others run.
  EXPECT_EQ(events_.WaitFor(Type::kEnded, events_.Of(Type::kAccepted).size()).size(),
            events_.Of(Type::kAccepted).size());
  for (const JobRow& row : events_.Of(Type::kLeased)) EXPECT_EQ(row.attempt, 1) << row.id;
  worker_.reset();  // before what its store refers to
}

/// Another worker has taken over the lease, which ours does not know, and has let it end.
TEST_P(WorkerTest, TakesALostJobUpAgainWithoutRunningItTwiceAtOnce) {
  options_.sweep = absl::Milliseconds(5);
  const std::string id = Submit("hang", "x");
  StartWorker();
  journal_.WaitFor(1);
  const JobTime later{kNow, kNow + absl::Hours(1)};
  const auto lost =
      runner_.Run(store_.LeaseNext(runner_.executor(), "hang", later, -absl::Hours(2)));
  ASSERT_TRUE(lost.ok() && lost->job);
  const Strings entries = journal_.WaitFor(3);
  EXPECT_EQ(Strings(entries.begin(), entries.begin() + 3), (Strings{"x", "x ended", "x"}));
  EXPECT_EQ(Get(id).row.attempt, 3);
  EXPECT_TRUE(spy_.Requests("Release").empty());
}

TEST_P(WorkerTest, OvertakenHandlerIsCancelled) {
  options_.lease = absl::Milliseconds(100);
  spy_.Refuse([](const std::string& operation) {
    return operation == "Extend" ? absl::AbortedError("overtaken") : absl::OkStatus();
  });
  Submit("hang", "x");
  StartWorker();
  EXPECT_EQ(journal_.WaitFor(2)[1], "x ended");
}

// Cancellation.

TEST_P(WorkerTest, CancellationReachesTheHandler) {
  const std::string id = Submit("hang", "x");
  const std::string other = Submit("hang", "y");
  StartWorker();
  journal_.WaitFor(2);
  EXPECT_EQ(Cancel(id).state, JobState::kCancelled);
  EXPECT_EQ(journal_.WaitFor(3).back(), "x ended");
  // With it, its place is free.
  Submit("note", "z");
  EXPECT_EQ(journal_.WaitFor(4).back(), "z");
  EXPECT_EQ(Get(other).row.state, JobState::kRunning);
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Get(id).row.state, JobState::kCancelled);
  EXPECT_EQ(Get(id).row.error.message(), "cancelled by a test");
}

TEST_P(WorkerTest, LateAnswerOfACancelledHandlerChangesNothing) {
  const std::string id = Submit("gate", "x");
  StartWorker();
  journal_.WaitFor(1);
  Cancel(id);
  gate_.Open();
  EXPECT_EQ(journal_.WaitFor(2).back(), "x ended");
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).row.state, JobState::kCancelled);
  EXPECT_EQ(Get(id).result.body, "");
  EXPECT_EQ(events_.Of(Type::kEnded).size(), 1u);
}

TEST_P(WorkerTest, CancellationThatOvertakesTheLeaseIsHeeded) {
  const std::string id = Submit("note", "x");
  Submit("note", "y");
  TaskRunner canceller;
  spy_.OnLease([&](const LeasedJob& job) {
    if (job.row.id != id) return;
    const auto row = canceller.Run(store_.Cancel(canceller.executor(), id, kNow, "too late"));
    EXPECT_EQ(row->state, JobState::kCancelled);
  });
  StartWorker();
  events_.WaitFor(Type::kEnded, 2);
  EXPECT_EQ(journal_.Entries(), Strings{"y"});
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).row.state, JobState::kCancelled);
  // Neither was its place lost.
  options_.default_concurrency = 1;
  StartWorker();
  Submit("note", "z");
  EXPECT_EQ(journal_.WaitFor(2).back(), "z");
  worker_.reset();  // before what its store refers to
}

// Time.

TEST_P(WorkerTest, JobIsNotBegunBeforeItsTime) {
  const std::string later =
      Submit("note", "later", [&](NewJob& job) { job.not_before = kNow + absl::Milliseconds(30); });
  Submit("note", "now");
  options_.sweep = absl::Hours(1);
  StartWorker();
  // The wall clock stands still, so that only the waiting worker's own clock can pass; it asks
  // again at the time it was told, and finds that the wall clock says otherwise.
  EXPECT_EQ(journal_.WaitFor(1), Strings{"now"});
  spy_.WaitFor("LeaseNext", spy_.Requests("LeaseNext").size() + 2);
  EXPECT_EQ(Get(later).row.state, JobState::kAccepted);
  clock_.Advance(absl::Milliseconds(30));
  EXPECT_EQ(journal_.WaitFor(2).back(), "later");
}

TEST_P(WorkerTest, WallClockAheadBringsWaitingJobsForward) {
  options_.sweep = absl::Milliseconds(5);
  Submit("note", "later", [&](NewJob& job) { job.not_before = kNow + absl::Hours(1); });
  StartWorker();
  spy_.WaitFor("LeaseNext", 10);
  EXPECT_TRUE(journal_.Entries().empty());
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(journal_.WaitFor(1).size(), 1u);
}

TEST_P(WorkerTest, WallClockJumpsDoNotMoveLeases) {
  options_.lease = absl::Milliseconds(200);
  options_.sweep = absl::Milliseconds(5);
  const std::string id = Submit("gate", "x");
  StartWorker();
  journal_.WaitFor(1);
  size_t extended = 0;
  for (const absl::Duration jump : {absl::Hours(1), absl::Hours(-24), absl::Hours(1)}) {
    clock_.Advance(jump);
    extended = spy_.WaitFor("Extend", extended + 2).size();
  }
  // What comes in the new time runs at once, and waits between attempts are as long as before.
  options_.backoff.first = absl::Milliseconds(1);
  Submit("note", "y");
  EXPECT_EQ(journal_.WaitFor(2).back(), "y");
  gate_.Open();
  events_.WaitFor(Type::kEnded, 2);
  EXPECT_EQ(Get(id).row.attempt, 1);
  EXPECT_EQ(events_.Of(Type::kLeased).size(), 2u);
}

TEST_P(WorkerTest, WallClockJumpsDoNotMoveWaitsBetweenAttempts) {
  options_.backoff.first = absl::Milliseconds(20);
  options_.sweep = absl::Hours(1);
  for (int i = 0; i < 2; ++i) Fail(absl::UnavailableError("down"));
  const std::string id = Submit("fail", "x");
  const auto jump = store_.OnEvent([this](absl::Span<const JobEvent> events) {
    for (const JobEvent& event : events) {
      if (event.type != Type::kRetried) continue;
      clock_.Advance(event.after.attempt == 1 ? absl::Hours(-24) : absl::Hours(48));
    }
  });
  StartWorker();
  ASSERT_EQ(events_.WaitFor(Type::kEnded, 1).size(), 1u);
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(id).row.attempt, 3);
}

// The end of the worker, and a store that fails.

TEST_P(WorkerTest, StopLetsRunningJobsEnd) {
  const std::string id = Submit("gate", "x");
  const std::string waiting = Submit("gate", "y");
  options_.concurrency["gate"] = 1;
  StartWorker();
  journal_.WaitFor(1);
  gate_.Open();
  worker_->Stop(absl::Seconds(30));
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
}

TEST_P(WorkerTest, StopGivesBackWhatIsCancelled) {
  StartWorker();
  const std::string id = Submit("hang", "x");
  journal_.WaitFor(1);
  worker_->Stop(absl::Milliseconds(1));
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
  EXPECT_EQ(Get(id).row.attempt, 0);
  // Another worker takes it up.
  StartWorker();
  journal_.WaitFor(3);
  EXPECT_EQ(Get(id).row.attempt, 1);
}

TEST_P(WorkerTest, StopGivesBackWhatDoesNotHeedItsCancellation) {
  options_.patience = absl::Milliseconds(5);
  StartWorker();
  const std::string id = Submit("ignore", "x");
  journal_.WaitFor(1);
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
}

TEST_P(WorkerTest, StopLeasesNothingMore) {
  StartWorker();
  worker_->Stop(absl::Seconds(10));
  const std::string id = Submit("note", "x");
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
}

TEST_P(WorkerTest, StopBeforeStartAndTwice) {
  worker_ = NewWorker(spy_);
  worker_->Stop(absl::Seconds(1));
  StartWorker();
  worker_->Stop(absl::Seconds(1));
  worker_->Stop(absl::Seconds(1));
}

TEST_P(WorkerTest, StopsUnderLoadWithoutLosingAJob) {
  constexpr size_t kJobs = 500;
  for (size_t i = 0; i < kJobs; ++i) Submit("note", "x");
  while (events_.Of(Type::kEnded).size() < kJobs) {
    StartWorker();
    const size_t ended = events_.Of(Type::kEnded).size();
    events_.WaitFor(Type::kEnded, std::min(ended + 50, kJobs));
    worker_->Stop(absl::ZeroDuration());
  }
  EXPECT_EQ(journal_.Entries().size(), kJobs);
  for (const JobRow& row : events_.Of(Type::kEnded)) EXPECT_EQ(row.attempt, 1);
}

TEST_P(WorkerTest, EndIsStoredOnceThereIsRoomAgain) {
  options_.lease = absl::Milliseconds(200);
  std::atomic<bool> full{true};
  spy_.Refuse([&full](const std::string& operation) {
    return full && operation == "Complete" ? absl::ResourceExhaustedError("disk full")
                                           : absl::OkStatus();
  });
  const std::string id = Submit("note", "x");
  StartWorker();
  spy_.WaitFor("Complete", 1);
  // Meanwhile the lease is kept.
  EXPECT_GE(spy_.WaitFor("Extend", 3).size(), 3u);
  full = false;
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(id).result.body, "done x");
  EXPECT_EQ(journal_.Entries().size(), 1u);
  worker_.reset();  // before what its store refers to
}

TEST_P(WorkerTest, StopDoesNotWaitForRoom) {
  spy_.Refuse([](const std::string& operation) {
    return operation == "Complete" ? absl::ResourceExhaustedError("disk full") : absl::OkStatus();
  });
  const std::string id = Submit("note", "x");
  StartWorker();
  spy_.WaitFor("Complete", 1);
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Get(id).row.state, JobState::kRunning);
}

TEST_P(WorkerTest, StoreThatDoesNotTakeEndsIsNotAskedForEverMore) {
  options_.concurrency["note"] = 4;
  spy_.Refuse([](const std::string& operation) {
    return operation == "Complete" ? absl::UnavailableError("closed") : absl::OkStatus();
  });
  for (int i = 0; i < 100; ++i) Submit("note", "x");
  StartWorker();
  spy_.WaitFor("Complete", 12);  // some for the second time
  EXPECT_LE(events_.Of(Type::kLeased).size(), 8u);
}

TEST_P(WorkerTest, AsksAgainWhenNoLeaseCouldBeHad) {
  std::atomic<bool> closed{true};
  spy_.Refuse([&closed](const std::string& operation) {
    return closed && operation == "LeaseNext" ? absl::UnavailableError("closed") : absl::OkStatus();
  });
  options_.sweep = absl::Milliseconds(5);
  Submit("note", "x");
  StartWorker();
  spy_.WaitFor("LeaseNext", 20);
  closed = false;
  EXPECT_EQ(journal_.WaitFor(1).size(), 1u);
  worker_.reset();  // before what its store refers to
}

TEST_P(WorkerTest, DropsExpiredResults) {
  options_.purge_every = absl::Milliseconds(5);
  const std::string id =
      Submit("note", "x", [](NewJob& job) { job.result_lifetime = absl::Minutes(1); });
  StartWorker();
  events_.WaitFor(Type::kEnded, 1);
  EXPECT_EQ(Get(id).result.body, "done x");
  clock_.Advance(absl::Hours(1));
  // Two more: one may have read the clock before.
  spy_.WaitFor("Purge", spy_.Requests("Purge").size() + 3);
  EXPECT_EQ(Get(id).result.body, "");
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(events_.WaitFor(Type::kForgotten, 1).size(), 1u);
}

TEST_P(WorkerTest, DropsAllThatHasExpiredAtOnce) {
  options_.purge_every = absl::Milliseconds(5);
  constexpr size_t kJobs = 1200;
  for (size_t i = 0; i < kJobs; ++i) Submit("note", "x");
  StartWorker();
  events_.WaitFor(Type::kEnded, kJobs);
  clock_.Advance(absl::Hours(48));
  EXPECT_EQ(events_.WaitFor(Type::kForgotten, kJobs).size(), kJobs);
}

}  // namespace
}  // namespace slipway::jobs
