#include "jobs/observer.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace slipway::jobs {
namespace {

constexpr std::array kGroupBounds = {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0};
constexpr std::string_view kJobsHelp = "Jobs by the state they are in.";
constexpr std::string_view kEndedHelp = "Attempts that ended, by how.";
constexpr std::string_view kCommitsHelp = "Transactions of the store's writer.";

std::string Text(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobObserver>> JobObserver::Make(Store& store,
                                                               base::Metrics& metrics) {
  std::unique_ptr<JobObserver> observer(new JobObserver(store, metrics));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<JobCount> counts, store.Count());
  for (const JobCount& count : counts) {
    observer->Standing(observer->Of(count.kind), count.state).Set(count.count);
  }
  observer->accepted_ =
      store.OnAccepted([raw = observer.get()](const JobRow& row) { raw->Accepted(row); });
  return observer;
}

JobObserver::JobObserver(Store& store, base::Metrics& metrics)
    : metrics_(metrics),
      link_(std::make_shared<StoreLink>()),
      commits_(metrics.GetCounter("slipway_store_commits_total", kCommitsHelp, {{"result", "ok"}})),
      failed_commits_(
          metrics.GetCounter("slipway_store_commits_total", kCommitsHelp, {{"result", "failed"}})),
      commit_operations_(metrics.GetHistogram("slipway_store_commit_operations",
                                              "Operations that shared one transaction.", {},
                                              kGroupBounds)) {
  link_->store = &store;
}

JobObserver::~JobObserver() {
  const std::lock_guard lock(link_->mutex);
  link_->store = nullptr;
}

std::unique_ptr<JobObserver::Kind> JobObserver::MakeKind(const std::string& kind) {
  const auto counter = [&](std::string_view name, std::string_view help) -> base::Counter& {
    return metrics_.GetCounter(name, help, {{"kind", kind}});
  };
  const auto ended = [&](const char* result) -> base::Counter& {
    return metrics_.GetCounter("slipway_job_attempts_ended_total", kEndedHelp,
                               {{"kind", kind}, {"result", result}});
  };
  const auto standing = [&](JobState state) -> base::Gauge& {
    return metrics_.GetGauge("slipway_jobs", kJobsHelp,
                             {{"kind", kind}, {"state", StateName(state)}});
  };
  const auto seconds = [&](std::string_view name, std::string_view help) -> base::Histogram& {
    return metrics_.GetHistogram(name, help, {{"kind", kind}});
  };
  const auto age = [link = link_, kind]() -> double {
    const std::lock_guard lock(link->mutex);
    if (link->store == nullptr) return 0;
    const absl::StatusOr<std::optional<absl::Time>> oldest = link->store->OldestWaiting(kind);
    return oldest.ok() && *oldest ? absl::ToDoubleSeconds(absl::Now() - **oldest) : 0;
  };
  metrics_.AddGaugeCallback("slipway_job_queue_age_seconds",
                            "How long the oldest waiting job has been waiting.", {{"kind", kind}},
                            age);
  return std::make_unique<Kind>(Kind{
      counter("slipway_jobs_submitted_total", "Jobs acknowledged."),
      counter("slipway_job_attempts_started_total", "Leases taken."), ended("succeeded"),
      ended("failed"), ended("given_back"), standing(JobState::kAccepted),
      standing(JobState::kRunning), standing(JobState::kSucceeded), standing(JobState::kFailed),
      seconds("slipway_job_wait_seconds", "From submission to the start of the attempt."),
      seconds("slipway_job_run_seconds", "From the start of an attempt to its end.")});
}

JobObserver::Kind& JobObserver::Of(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Kind>& entry = kinds_[kind];
  if (entry == nullptr) entry = MakeKind(kind);
  return *entry;
}

base::Gauge& JobObserver::Standing(Kind& kind, JobState state) {
  switch (state) {
    case JobState::kAccepted:
      return kind.now_accepted;
    case JobState::kRunning:
      return kind.now_running;
    case JobState::kSucceeded:
      return kind.now_succeeded;
    case JobState::kFailed:
      break;
  }
  return kind.now_failed;
}

void JobObserver::Accepted(const JobRow& row) {
  Kind& kind = Of(row.kind);
  kind.submitted.Increment();
  kind.now_accepted.Increment();
  base::LogInfo("job {} accepted, kind {}, correlation id {}", row.id, row.kind,
                row.correlation_id);
}

void JobObserver::Started(const LeasedJob& job) {
  const JobRow& row = job.row;
  Kind& kind = Of(row.kind);
  const absl::Duration waited = row.start_time.value_or(row.create_time) - row.create_time;
  kind.started.Increment();
  kind.waited.Observe(waited);
  if (!job.recovered) {
    kind.now_accepted.Decrement();
    kind.now_running.Increment();
  }
  base::LogInfo("job {} started, kind {}, attempt {}{}, {} ms after submission, correlation id {}",
                row.id, row.kind, row.attempt,
                job.recovered ? " because the one before was not ended" : "",
                absl::ToInt64Milliseconds(waited), row.correlation_id);
}

void JobObserver::Ended(const LeasedJob& job, const absl::Status& error, absl::Time now) {
  const JobRow& row = job.row;
  Kind& kind = Of(row.kind);
  const absl::Duration ran = now - row.start_time.value_or(now);
  kind.ran.Observe(ran);
  kind.now_running.Decrement();
  (error.ok() ? kind.succeeded : kind.failed).Increment();
  (error.ok() ? kind.now_succeeded : kind.now_failed).Increment();
  if (error.ok()) {
    base::LogInfo("job {} succeeded, kind {}, attempt {}, after {} ms, correlation id {}", row.id,
                  row.kind, row.attempt, absl::ToInt64Milliseconds(ran), row.correlation_id);
  } else {
    base::LogWarn("job {} failed, kind {}, attempt {}, after {} ms, correlation id {}: {} {}",
                  row.id, row.kind, row.attempt, absl::ToInt64Milliseconds(ran), row.correlation_id,
                  rpc::CodeName(error.code()), Text(error));
  }
}

void JobObserver::GivenBack(const LeasedJob& job) {
  const JobRow& row = job.row;
  Kind& kind = Of(row.kind);
  kind.given_back.Increment();
  kind.now_running.Decrement();
  kind.now_accepted.Increment();
  base::LogInfo("job {} given back, kind {}, attempt {}, correlation id {}", row.id, row.kind,
                row.attempt, row.correlation_id);
}

void JobObserver::EndNotStored(const LeasedJob& job, const absl::Status& why) {
  base::LogWarn("job {}: the end of attempt {} was not stored, correlation id {}: {}", job.row.id,
                job.row.attempt, job.row.correlation_id, Text(why));
}

void JobObserver::Committed(const CommitReport& report) {
  (report.status.ok() ? commits_ : failed_commits_).Increment();
  commit_operations_.Observe(static_cast<double>(report.operations));
}

}  // namespace slipway::jobs
