#include "jobs/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "jobs/store/memory_store.h"
#include "jobs/testing/task_runner.h"

namespace slipway::jobs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);

class JobObserverTest : public testing::Test {
 protected:
  void Observe() { observer_ = *JobObserver::Make(store_, metrics_, clock_); }
  std::string Submit(const std::string& kind = "greeting", int max_attempts = 10,
                     std::optional<absl::Time> not_before = std::nullopt) {
    NewJob job;
    job.not_before = not_before;
    job.kind = kind;
    job.create_time = clock_.Now();
    job.max_attempts = max_attempts;
    return runner_.Run(store_.Submit(runner_.executor(), std::move(job)))->id;
  }
  std::optional<LeasedJob> Lease() {
    return runner_
        .Run(store_.LeaseNext(runner_.executor(), "greeting", {clock_.Now(), clock_.Now()},
                              absl::Seconds(5)))
        ->job;
  }
  void Complete(const LeasedJob& job) {
    JobResult result;
    ASSERT_TRUE(runner_
                    .Run(store_.Complete(runner_.executor(), job.row.id, job.token, clock_.Now(),
                                         std::move(result)))
                    .ok());
  }
  void ExpectSeries(const std::string& line) {
    EXPECT_THAT(metrics_.Serialize(), HasSubstr(line + "\n"));
  }
  void ExpectStanding(const std::string& state, int count) {
    ExpectSeries("slipway_jobs{kind=\"greeting\",state=\"" + state + "\"} " +
                 std::to_string(count));
  }
  void ExpectEnded(const std::string& result, int count) {
    ExpectSeries("slipway_job_attempts_ended_total{kind=\"greeting\",result=\"" + result + "\"} " +
                 std::to_string(count));
  }

  base::ManualWallClock clock_{kNow};
  base::Metrics metrics_;
  TaskRunner runner_;
  MemoryStore store_;
  std::unique_ptr<JobObserver> observer_;
};

TEST_F(JobObserverTest, BeginsWithWhatIsThere) {
  Submit();
  Submit();
  Complete(*Lease());
  Observe();
  ExpectStanding("accepted", 1);
  ExpectStanding("succeeded", 1);
  ExpectStanding("running", 0);
  ExpectSeries("slipway_jobs_submitted_total{kind=\"greeting\"} 0");
}

TEST_F(JobObserverTest, FollowsAJobToItsEnd) {
  Observe();
  Submit();
  ExpectStanding("accepted", 1);
  ExpectSeries("slipway_jobs_submitted_total{kind=\"greeting\"} 1");
  clock_.Advance(absl::Seconds(2));
  ExpectSeries("slipway_job_queue_age_seconds{kind=\"greeting\"} 2");
  const LeasedJob leased = *Lease();
  ExpectStanding("accepted", 0);
  ExpectStanding("running", 1);
  ExpectSeries("slipway_job_attempts_started_total{kind=\"greeting\"} 1");
  ExpectSeries("slipway_job_wait_seconds_sum{kind=\"greeting\"} 2");
  ExpectSeries("slipway_job_queue_age_seconds{kind=\"greeting\"} 0");
  clock_.Advance(absl::Seconds(3));
  Complete(leased);
  ExpectStanding("running", 0);
  ExpectStanding("succeeded", 1);
  ExpectEnded("succeeded", 1);
  ExpectSeries("slipway_job_run_seconds_sum{kind=\"greeting\"} 3");
  ASSERT_TRUE(runner_.Run(store_.Delete(runner_.executor(), leased.row.id)).ok());
  ExpectStanding("succeeded", 0);
  ExpectSeries("slipway_jobs_forgotten_total{kind=\"greeting\"} 1");
}

TEST_F(JobObserverTest, CountsHowAttemptsEnd) {
  Observe();
  const std::string id = Submit();
  LeasedJob job = *Lease();
  ASSERT_TRUE(
      runner_
          .Run(store_.Retry(runner_.executor(), id, job.token,
                            rpc::Status(absl::StatusCode::kUnavailable, "away"), clock_.Now()))
          .ok());
  ExpectEnded("retried", 1);
  ExpectStanding("accepted", 1);
  job = *Lease();
  ASSERT_TRUE(runner_.Run(store_.Release(runner_.executor(), id, job.token)).ok());
  ExpectEnded("given_back", 1);
  ExpectStanding("accepted", 1);
  Lease();
  clock_.Advance(absl::Seconds(6));
  job = *Lease();  // the lease has ended without a word
  ExpectEnded("lost", 1);
  ExpectStanding("running", 1);
  ASSERT_TRUE(runner_
                  .Run(store_.Fail(runner_.executor(), id, job.token, clock_.Now(),
                                   rpc::Status(absl::StatusCode::kInternal, "no\nway")))
                  .ok());
  ExpectEnded("failed", 1);
  ExpectStanding("failed", 1);
  ExpectStanding("running", 0);
  ExpectSeries("slipway_job_attempts_started_total{kind=\"greeting\"} 4");
}

TEST_F(JobObserverTest, WaitBeginsWhenTheJobMayRunAndIsObservedOnce) {
  Observe();
  Submit("greeting", 10, clock_.Now() + absl::Hours(1));
  clock_.Advance(absl::Hours(1) + absl::Seconds(2));
  for (int i = 0; i < 2; ++i) {
    const LeasedJob job = *Lease();
    ExpectSeries("slipway_job_wait_seconds_sum{kind=\"greeting\"} 2");
    ExpectSeries("slipway_job_wait_seconds_count{kind=\"greeting\"} 1");
    ASSERT_TRUE(runner_.Run(store_.Release(runner_.executor(), job.row.id, job.token)).ok());
    // Its attempt is the first again.
    ExpectSeries("slipway_job_queue_age_seconds{kind=\"greeting\"} " + std::to_string(2 + i));
    clock_.Advance(absl::Seconds(1));
  }
}

TEST_F(JobObserverTest, CancelledWhileItWaitsEndsNoAttempt) {
  Observe();
  for (const bool running : {false, true}) {
    const std::string id = Submit();
    if (running) Lease();
    ASSERT_TRUE(runner_.Run(store_.Cancel(runner_.executor(), id, clock_.Now(), "cancelled")).ok());
    ExpectStanding("cancelled", running ? 2 : 1);
    ExpectEnded("cancelled", running ? 1 : 0);
  }
  ExpectStanding("accepted", 0);
  ExpectStanding("running", 0);
}

TEST_F(JobObserverTest, JobWhoseWorkersDiedFails) {
  Observe();
  Submit("greeting", 1);
  Lease();
  clock_.Advance(absl::Seconds(6));
  EXPECT_FALSE(Lease());
  ExpectEnded("failed", 1);
  ExpectStanding("failed", 1);
  ExpectStanding("running", 0);
}

TEST_F(JobObserverTest, ClockThatGoesBackMakesNoNegativeTimes) {
  Observe();
  Submit();
  clock_.Advance(-absl::Hours(1));
  ExpectSeries("slipway_job_queue_age_seconds{kind=\"greeting\"} 0");
  Complete(*Lease());
  ExpectSeries("slipway_job_wait_seconds_sum{kind=\"greeting\"} 0");
}

TEST_F(JobObserverTest, ManyKindsShareOneSeries) {
  for (size_t i = 0; i < JobObserver::kMaxKinds + 3; ++i) Submit("kind" + std::to_string(100 + i));
  Observe();
  const std::string all = metrics_.Serialize();
  EXPECT_THAT(all, HasSubstr("slipway_jobs{kind=\"kind100\",state=\"accepted\"} 1\n"));
  EXPECT_THAT(all, HasSubstr("slipway_jobs{kind=\"other\",state=\"accepted\"} 3\n"));
  EXPECT_THAT(all, Not(HasSubstr("kind" + std::to_string(100 + JobObserver::kMaxKinds))));
}

TEST_F(JobObserverTest, CountsRefusalsAndCommits) {
  Observe();
  observer_->Refused(base::Reason::kQueueFull);
  observer_->Refused(base::Reason::kQueueFull);
  observer_->Refused(base::Reason::kBadField);
  ExpectSeries("slipway_job_submissions_refused_total{reason=\"queue_full\"} 2");
  ExpectSeries("slipway_job_submissions_refused_total{reason=\"bad_field\"} 1");
  observer_->Committed({3, absl::OkStatus()});
  observer_->Committed({1, absl::UnavailableError("disk")});
  ExpectSeries("slipway_store_commits_total{result=\"ok\"} 1");
  ExpectSeries("slipway_store_commits_total{result=\"failed\"} 1");
  ExpectSeries("slipway_store_commit_operations_sum 4");
}

TEST_F(JobObserverTest, GaugesOutliveTheStore) {
  auto store = std::make_unique<MemoryStore>();
  auto observer = *JobObserver::Make(*store, metrics_, clock_);
  NewJob job;
  job.kind = "greeting";
  job.create_time = kNow;
  ASSERT_TRUE(runner_.Run(store->Submit(runner_.executor(), std::move(job))).ok());
  observer.reset();
  store.reset();
  ExpectSeries("slipway_job_queue_age_seconds{kind=\"greeting\"} 0");
}

}  // namespace
}  // namespace slipway::jobs
