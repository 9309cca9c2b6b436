#include "jobs/work/worker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "jobs/store/memory_store.h"
#include "jobs/testing.h"

namespace slipway::jobs {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

/// What handlers of a test did, in order; others may wait for a number of entries.
class Journal {
 public:
  void Add(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return entries_.size() >= count; });
    return entries_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

rpc::Task<absl::StatusOr<JobResult>> Note(Journal& journal, std::string payload) {
  journal.Add(payload);
  JobResult result;
  result.content_type = "text/plain";
  result.body = "done " + payload;
  co_return result;
}

/// Sleeps until it is cancelled or its attempt is over.
rpc::Task<absl::StatusOr<JobResult>> Hang(rpc::CallContext& context, Journal& journal,
                                          std::string payload) {
  journal.Add(payload);
  const rpc::Status status = co_await context.Sleep(std::chrono::hours(1));
  co_return status.ToAbsl();
}

/// Waits for something that never comes.
rpc::Task<absl::StatusOr<JobResult>> Ignore(Journal& journal, std::string payload) {
  journal.Add(payload);
  rpc::WaitSlot never;
  co_await never.Wait();
  co_return JobResult();
}

rpc::Task<absl::StatusOr<JobResult>> Refuse() { co_return absl::NotFoundError("no such thing"); }

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    handlers_["note"] = [this](rpc::CallContext& context, std::string payload) {
      last_correlation_id_ = context.correlation_id();
      return Note(journal_, std::move(payload));
    };
    handlers_["hang"] = [this](rpc::CallContext& context, std::string payload) {
      return Hang(context, journal_, std::move(payload));
    };
    handlers_["ignore"] = [this](rpc::CallContext&, std::string payload) {
      return Ignore(journal_, std::move(payload));
    };
    handlers_["refuse"] = [](rpc::CallContext&, std::string) { return Refuse(); };
    options_.clock = &clock_;
  }

  void MakeWorker() {
    observer_ = *JobObserver::Make(store_, metrics_);
    worker_ = std::make_unique<Worker>(store_, *observer_, handlers_, options_);
  }
  std::string Submit(std::string kind, std::string payload = {}) {
    auto row = runner_.Run(store_.Submit(
        runner_.executor(), NewJob{std::move(kind), std::move(payload), "my-correlation", kNow}));
    return row->id;
  }
  JobOutcome Get(const std::string& id) {
    return *runner_.Run(store_.GetOutcome(runner_.executor(), id));
  }
  int64_t Standing(const std::string& kind, const std::string& state) {
    return metrics_.GetGauge("slipway_jobs", "", {{"kind", kind}, {"state", state}}).Value();
  }

  base::ManualWallClock clock_{kNow};
  base::Metrics metrics_;
  MemoryStore store_;
  Journal journal_;
  std::string last_correlation_id_;
  JobHandlers handlers_;
  Worker::Options options_;
  TaskRunner runner_;
  std::unique_ptr<JobObserver> observer_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, RunsOneAfterTheOtherInOrder) {
  options_.concurrency = 1;
  MakeWorker();
  std::vector<std::string> payloads;
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    payloads.push_back(std::to_string(i));
    ids.push_back(Submit("note", payloads.back()));
  }
  worker_->Start();
  EXPECT_EQ(journal_.WaitFor(100), payloads);
  worker_->Stop(absl::Seconds(10));
  for (size_t i = 0; i < ids.size(); ++i) {
    const JobOutcome outcome = Get(ids[i]);
    EXPECT_EQ(outcome.row.state, JobState::kSucceeded);
    EXPECT_EQ(outcome.result.body, "done " + payloads[i]);
    EXPECT_EQ(outcome.row.attempt, 1);
  }
  EXPECT_EQ(last_correlation_id_, "my-correlation");
  EXPECT_EQ(Standing("note", "succeeded"), 100);
  EXPECT_EQ(Standing("note", "accepted"), 0);
  EXPECT_EQ(Standing("note", "running"), 0);
}

TEST_F(WorkerTest, IsWokenBySubmissions) {
  options_.sweep = absl::Hours(1);
  MakeWorker();
  worker_->Start();
  for (size_t i = 1; i <= 20; ++i) {
    Submit("note", "x");
    ASSERT_EQ(journal_.WaitFor(i).size(), i);
  }
}

TEST_F(WorkerTest, RunsUpToItsConcurrencyAtOnce) {
  options_.concurrency = 3;
  MakeWorker();
  worker_->Start();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Submit("hang", std::to_string(i)));
  EXPECT_EQ(journal_.WaitFor(3).size(), 3u);
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(journal_.WaitFor(3), (std::vector<std::string>{"0", "1", "2"}));
  for (const std::string& id : ids) EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
}

TEST_F(WorkerTest, StopGivesBackWhatIsCancelled) {
  MakeWorker();
  worker_->Start();
  const std::string id = Submit("hang", "x");
  journal_.WaitFor(1);
  worker_->Stop(absl::Milliseconds(1));
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
  EXPECT_EQ(Get(id).row.attempt, 1);
  EXPECT_EQ(Standing("hang", "accepted"), 1);
  // Another worker takes it up.
  MakeWorker();
  worker_->Start();
  journal_.WaitFor(2);
  EXPECT_EQ(Get(id).row.attempt, 2);
}

TEST_F(WorkerTest, StopGivesBackWhatDoesNotHeedItsCancellation) {
  MakeWorker();
  worker_->Start();
  const std::string id = Submit("ignore", "x");
  journal_.WaitFor(1);
  worker_->Stop(absl::ZeroDuration());
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
}

TEST_F(WorkerTest, StopLeasesNothingMore) {
  MakeWorker();
  worker_->Start();
  worker_->Stop(absl::Seconds(10));
  const std::string id = Submit("note", "x");
  EXPECT_EQ(Get(id).row.state, JobState::kAccepted);
}

TEST_F(WorkerTest, HandlersErrorFailsTheJob) {
  MakeWorker();
  const std::string id = Submit("refuse");
  const std::string after = Submit("note", "x");
  options_.concurrency = 1;
  worker_->Start();
  journal_.WaitFor(1);
  worker_->Stop(absl::Seconds(10));
  const JobRow row = Get(id).row;
  EXPECT_EQ(row.state, JobState::kFailed);
  EXPECT_EQ(row.error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(row.error.message(), "no such thing");
  EXPECT_EQ(Get(after).row.state, JobState::kSucceeded);
  EXPECT_EQ(Standing("refuse", "failed"), 1);
}

TEST_F(WorkerTest, AttemptThatTakesTooLongFails) {
  options_.run_timeout = absl::Milliseconds(1);
  options_.concurrency = 1;
  MakeWorker();
  const std::string id = Submit("hang", "slow");
  Submit("note", "next");
  worker_->Start();
  journal_.WaitFor(2);
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).row.state, JobState::kFailed);
  EXPECT_EQ(Get(id).row.error.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(WorkerTest, RecoversAJobWhoseLeaseExpired) {
  const std::string id = Submit("note", "x");
  ASSERT_TRUE(runner_.Run(store_.LeaseNext(runner_.executor(), {"note"}, kNow, absl::Seconds(5)))
                  ->has_value());
  options_.sweep = absl::Milliseconds(1);
  MakeWorker();
  worker_->Start();
  clock_.Advance(absl::Seconds(5));
  journal_.WaitFor(1);
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(id).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(id).row.attempt, 2);
}

TEST_F(WorkerTest, LeavesKindsOfOthersAlone) {
  MakeWorker();
  const std::string other = Submit("other");
  const std::string mine = Submit("note", "x");
  worker_->Start();
  journal_.WaitFor(1);
  worker_->Stop(absl::Seconds(10));
  EXPECT_EQ(Get(mine).row.state, JobState::kSucceeded);
  EXPECT_EQ(Get(other).row.state, JobState::kAccepted);
}

}  // namespace
}  // namespace slipway::jobs
