#include "jobs/service/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "jobs/service/job_service.h"
#include "jobs/store/memory_store.h"
#include "rpc/in_process.h"
#include "rpc/manual_executor.h"
#include "rpc/thread_executor.h"

namespace slipway::jobs {
namespace {

using std::chrono::seconds;

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

/// What one caller of WatchJob has seen.
struct Seen {
  std::vector<v1::Job> jobs;
  std::optional<rpc::Status> end;
  bool paused = false;  // reads no further

  std::vector<v1::Job::State> States() const {
    std::vector<v1::Job::State> states;
    for (const v1::Job& job : jobs) states.push_back(job.state());
    return states;
  }
};

rpc::Task<void> ReadAll(std::shared_ptr<rpc::ClientCall> call, std::string request,
                        std::shared_ptr<Seen> seen) {
  auto write = call->Write(std::move(request));
  co_await write;
  call->WritesDone();
  while (!seen->paused) {
    auto read = call->Read();
    std::optional<std::string> message = co_await read;
    if (!message) break;
    v1::Job job;
    job.ParseFromString(*message);
    seen->jobs.push_back(std::move(job));
  }
  if (seen->paused) co_return;
  auto finish = call->Finish();
  rpc::CallResult result = co_await finish;
  seen->end = std::move(result.status);
}

/// A task of the store, on an executor that the test moves.
template <typename T>
T RunTask(rpc::ManualExecutor& executor, rpc::Task<T> task) {
  std::optional<T> answer;
  rpc::Spawn([](rpc::Task<T> task, std::optional<T>& answer) -> rpc::Task<void> {
    T value = co_await std::move(task);
    answer.emplace(std::move(value));
  }(std::move(task), answer));
  executor.RunPosted();
  return *std::move(answer);
}

class WatchJobTest : public testing::Test {
 protected:
  WatchJobTest() {
    JobService::Options options;
    options.clock = &clock_;
    service_ = std::make_shared<JobService>(store_, std::move(options));
    rpc::Dispatcher::Builder builder;
    for (rpc::Method& method : JobMethods(service_)) builder.Add(std::move(method));
    upstream_ = std::make_unique<rpc::InProcessUpstream>(std::move(builder).Build(), executor_);
  }
  ~WatchJobTest() override {
    for (const auto& call : calls_) call->Cancel();  // who still reads keeps its call
    executor_.RunPosted();
  }

  std::string Submit(const std::string& owner = {}) {
    NewJob job;
    job.kind = "greeting";
    job.create_time = kNow;
    job.owner = owner;
    return RunTask(executor_, store_.Submit(executor_, std::move(job)))->id;
  }
  LeasedJob Lease() {
    return *RunTask(executor_,
                    store_.LeaseNext(executor_, "greeting", {kNow, kNow}, absl::Seconds(5)))
                ->job;
  }
  void Extend(const LeasedJob& job, int progress) {
    ASSERT_TRUE(RunTask(executor_, store_.Extend(executor_, job.row.id, job.token,
                                                 kNow + absl::Seconds(9), progress))
                    .ok());
  }
  void Complete(const LeasedJob& job) {
    JobResult result;
    result.content_type = "text/plain";
    ASSERT_TRUE(RunTask(executor_,
                        store_.Complete(executor_, job.row.id, job.token, kNow, std::move(result)))
                    .ok());
  }
  std::shared_ptr<Seen> Watch(const std::string& id, rpc::Deadline deadline = rpc::kNoDeadline) {
    auto seen = std::make_shared<Seen>();
    calls_.push_back(upstream_->NewCall());
    calls_.back()->Start({.method = "/slipway.v1.Jobs/WatchJob", .deadline = deadline});
    v1::WatchJobRequest request;
    request.set_id(id);
    rpc::Spawn(ReadAll(calls_.back(), request.SerializeAsString(), seen));
    executor_.RunPosted();
    return seen;
  }

  base::ManualWallClock clock_{kNow};
  rpc::ManualExecutor executor_;
  MemoryStore store_;
  std::shared_ptr<JobService> service_;
  std::unique_ptr<rpc::InProcessUpstream> upstream_;
  std::vector<std::shared_ptr<rpc::ClientCall>> calls_;
};

using States = std::vector<v1::Job::State>;

TEST_F(WatchJobTest, TellsEachChangeUntilTheEnd) {
  const std::string id = Submit();
  const auto seen = Watch(id);
  EXPECT_EQ(seen->States(), States({v1::Job::ACCEPTED}));
  const LeasedJob leased = Lease();
  EXPECT_EQ(seen->States(), States({v1::Job::ACCEPTED, v1::Job::RUNNING}));
  EXPECT_FALSE(seen->end);
  Complete(leased);
  EXPECT_EQ(seen->States(), States({v1::Job::ACCEPTED, v1::Job::RUNNING, v1::Job::SUCCEEDED}));
  ASSERT_TRUE(seen->end);
  EXPECT_TRUE(seen->end->ok()) << seen->end->message();
  EXPECT_EQ(seen->jobs.back().id(), id);
}

TEST_F(WatchJobTest, EndedJobIsToldOnce) {
  const std::string id = Submit();
  Complete(Lease());
  const auto seen = Watch(id);
  EXPECT_EQ(seen->States(), States({v1::Job::SUCCEEDED}));
  ASSERT_TRUE(seen->end);
  EXPECT_TRUE(seen->end->ok());
}

TEST_F(WatchJobTest, OthersChangesAreNotTold) {
  const auto seen = Watch(Submit());
  Submit();
  EXPECT_EQ(seen->jobs.size(), 1u);
}

TEST_F(WatchJobTest, UnknownExpiredAndAnothersJobsAreNotFound) {
  const std::string expired = Submit();
  Complete(Lease());
  const std::string anothers = Submit("somebody");
  clock_.Advance(absl::Hours(2));
  for (const std::string& id : {expired, anothers, std::string("42")}) {
    const auto seen = Watch(id);
    EXPECT_TRUE(seen->jobs.empty());
    ASSERT_TRUE(seen->end);
    EXPECT_EQ(seen->end->code(), absl::StatusCode::kNotFound);
  }
}

TEST_F(WatchJobTest, DeletedJobIsNotFound) {
  const std::string id = Submit();
  const auto seen = Watch(id);
  // Ended and deleted before the watcher looks again.
  rpc::ManualExecutor other;
  ASSERT_TRUE(RunTask(other, store_.Cancel(other, id, kNow, "x")).ok());
  ASSERT_TRUE(RunTask(other, store_.Delete(other, id)).ok());
  executor_.RunPosted();
  ASSERT_TRUE(seen->end);
  EXPECT_EQ(seen->end->code(), absl::StatusCode::kNotFound);
}

TEST_F(WatchJobTest, ChangesBetweenTwoReadsAreOne) {
  const std::string id = Submit();
  const auto seen = Watch(id);
  rpc::ManualExecutor other;
  const auto leased =
      RunTask(other, store_.LeaseNext(other, "greeting", {kNow, kNow}, absl::Seconds(5)));
  ASSERT_TRUE(RunTask(other, store_.Retry(other, id, leased->job->token,
                                          rpc::Status(absl::StatusCode::kUnavailable, "x"), kNow))
                  .ok());
  ASSERT_TRUE(RunTask(other, store_.Cancel(other, id, kNow, "x")).ok());
  executor_.RunPosted();
  EXPECT_EQ(seen->States(), States({v1::Job::ACCEPTED, v1::Job::CANCELLED}));
  EXPECT_TRUE(seen->end);
}

TEST_F(WatchJobTest, ProgressIsSeenWithoutAnEvent) {
  const std::string id = Submit();
  const LeasedJob leased = Lease();
  const auto seen = Watch(id);
  Extend(leased, 40);
  EXPECT_EQ(seen->jobs.size(), 1u);
  executor_.Advance(seconds(5));
  ASSERT_EQ(seen->jobs.size(), 2u);
  EXPECT_EQ(seen->jobs.back().progress(), 40);
  executor_.Advance(seconds(60));
  EXPECT_EQ(seen->jobs.size(), 2u);  // nothing new, nothing told
}

TEST_F(WatchJobTest, EndsWithTheDeadline) {
  const auto seen = Watch(Submit(), executor_.Now() + seconds(3));
  executor_.Advance(seconds(3));
  ASSERT_TRUE(seen->end);
  EXPECT_EQ(seen->end->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(WatchJobTest, EndsWhenItsCallerLeaves) {
  const std::string id = Submit();
  const auto seen = Watch(id);
  const long before = service_.use_count();
  calls_.back()->Cancel();
  executor_.RunPosted();
  ASSERT_TRUE(seen->end);
  EXPECT_EQ(seen->end->code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(service_.use_count(), before);
  Complete(Lease());  // nobody is told, and nothing that is gone is touched
  EXPECT_EQ(seen->jobs.size(), 1u);
}

TEST_F(WatchJobTest, EndsWhenTheServiceStops) {
  const auto seen = Watch(Submit());
  service_->Stop();
  executor_.RunPosted();
  ASSERT_TRUE(seen->end);
  EXPECT_EQ(seen->end->code(), absl::StatusCode::kUnavailable);
  service_->Stop();
  // Who comes later is told how the job stands, and no more.
  const auto late = Watch(Submit());
  EXPECT_EQ(late->jobs.size(), 1u);
  ASSERT_TRUE(late->end);
  EXPECT_EQ(late->end->code(), absl::StatusCode::kUnavailable);
}

TEST_F(WatchJobTest, SlowReaderIsToldTheEndAfterItExpired) {
  const std::string id = Submit();
  auto seen = std::make_shared<Seen>();
  seen->paused = true;
  calls_.push_back(upstream_->NewCall());
  calls_.back()->Start({.method = "/slipway.v1.Jobs/WatchJob"});
  v1::WatchJobRequest request;
  request.set_id(id);
  const std::string bytes = request.SerializeAsString();
  rpc::Spawn(ReadAll(calls_.back(), bytes, seen));
  executor_.RunPosted();
  const LeasedJob leased = Lease();
  Complete(leased);
  clock_.Advance(absl::Hours(2));
  seen->paused = false;
  rpc::Spawn(
      [](std::shared_ptr<rpc::ClientCall> call, std::shared_ptr<Seen> seen) -> rpc::Task<void> {
        while (true) {
          auto read = call->Read();
          std::optional<std::string> message = co_await read;
          if (!message) break;
          v1::Job job;
          job.ParseFromString(*message);
          seen->jobs.push_back(std::move(job));
        }
        auto finish = call->Finish();
        rpc::CallResult result = co_await finish;
        seen->end = std::move(result.status);
      }(calls_.back(), seen));
  executor_.RunPosted();
  ASSERT_FALSE(seen->jobs.empty());
  EXPECT_EQ(seen->jobs.back().state(), v1::Job::SUCCEEDED);
  ASSERT_TRUE(seen->end);
  EXPECT_TRUE(seen->end->ok()) << seen->end->message();
}

TEST_F(WatchJobTest, TenThousandWatchers) {
  const std::string shared = Submit();
  std::vector<std::shared_ptr<Seen>> all;
  for (int i = 0; i < 10'000; ++i) all.push_back(Watch(i % 2 == 0 ? shared : Submit()));
  Complete(Lease());  // the first one submitted: the shared one
  size_t ended = 0;
  for (const auto& seen : all) ended += seen->end ? 1 : 0;
  EXPECT_EQ(ended, 5'000u);
  service_->Stop();
  executor_.RunPosted();
  for (const auto& seen : all) EXPECT_TRUE(seen->end);
}

rpc::Task<void> WaitOnce(JobWatch::Watcher& watcher, bool& woken) {
  auto changed = watcher.Changed(rpc::Time::max());
  co_await std::move(changed);
  woken = true;
}

TEST(JobWatch, ChangeBeforeTheWaitIsNotLost) {
  MemoryStore store;
  JobWatch watch(store);
  rpc::ManualExecutor executor;
  NewJob job;
  job.kind = "greeting";
  const std::string id = RunTask(executor, store.Submit(executor, std::move(job)))->id;
  rpc::CallContext context(executor, {});
  JobWatch::Watcher watcher(watch, context, id);
  RunTask(executor, store.Cancel(executor, id, kNow, "x")).IgnoreError();
  bool woken = false;
  rpc::Spawn(WaitOnce(watcher, woken));
  EXPECT_TRUE(woken);
  woken = false;
  rpc::Spawn(WaitOnce(watcher, woken));
  EXPECT_FALSE(woken);  // once
  context.Cancel();
  EXPECT_TRUE(woken);
}

TEST(JobWatch, WatcherMayGoWhileAWakeIsOnItsWay) {
  MemoryStore store;
  JobWatch watch(store);
  rpc::ManualExecutor executor;
  rpc::ManualExecutor other;
  NewJob job;
  job.kind = "greeting";
  const std::string id = RunTask(other, store.Submit(other, std::move(job)))->id;
  {
    rpc::CallContext context(executor, {});
    JobWatch::Watcher watcher(watch, context, id);
    // A task that is destroyed while it waits, too.
    auto changed = std::make_unique<rpc::Task<void>>(watcher.Changed(rpc::Time::max()));
    auto awaiter = std::move(*changed).operator co_await();
    EXPECT_TRUE(awaiter.await_suspend(std::noop_coroutine()));
    RunTask(other, store.Cancel(other, id, kNow, "x")).IgnoreError();
    changed.reset();
  }
  executor.RunPosted();
}

/// Watchers come and go on their own threads while another one changes the jobs.
TEST(JobWatch, ManyThreads) {
  MemoryStore store;
  JobWatch watch(store);
  rpc::ManualExecutor setup;
  std::vector<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    NewJob job;
    job.kind = "greeting";
    ids.push_back(RunTask(setup, store.Submit(setup, std::move(job)))->id);
  }
  std::vector<std::thread> watching;
  std::atomic<int> seen_ended = 0;
  for (int t = 0; t < 3; ++t) {
    watching.emplace_back([&] {
      rpc::ThreadExecutor executor;
      for (const std::string& id : ids) {
        bool done = false;
        rpc::CallContext context(executor, {});
        rpc::Spawn([](MemoryStore& store, JobWatch& watch, rpc::CallContext& context,
                      std::string id, std::atomic<int>& ended, bool& done) -> rpc::Task<void> {
          JobWatch::Watcher watcher(watch, context, id);
          while (true) {
            auto get = store.Get(context.executor(), id);
            const absl::StatusOr<JobRow> row = co_await std::move(get);
            if (!row.ok() || Ended(row->state)) break;
            auto changed = watcher.Changed(rpc::Time::max());
            co_await std::move(changed);
          }
          ++ended;
          done = true;
        }(store, watch, context, id, seen_ended, done));
        executor.RunUntil(done);
      }
    });
  }
  rpc::ManualExecutor executor;
  for (size_t i = 0; i < ids.size(); ++i) {
    auto leased =
        RunTask(executor, store.LeaseNext(executor, "greeting", {kNow, kNow}, absl::Seconds(5)));
    ASSERT_TRUE(RunTask(executor, store.Cancel(executor, leased->job->row.id, kNow, "x")).ok());
  }
  for (std::thread& thread : watching) thread.join();
  EXPECT_EQ(seen_ended, 150);
}

}  // namespace
}  // namespace slipway::jobs
