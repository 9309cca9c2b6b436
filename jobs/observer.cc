#include "jobs/observer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "rpc/status.h"

namespace slipway::jobs {
namespace {

constexpr std::array kGroupBounds = {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0};
constexpr std::string_view kJobsHelp = "Jobs by the state they are in.";
constexpr std::string_view kEndedHelp = "Attempts that ended, by how.";
constexpr std::string_view kCommitsHelp = "Transactions of the store's writer.";
constexpr char kOtherKinds[] = "other";
constexpr size_t kLongestText = 200;

/// A message of a job's handler or target in one line of the log.
std::string Text(const rpc::Status& status) {
  const std::string& message = status.message();
  return std::string(rpc::CodeName(status.code())) + ": " +
         absl::CHexEscape(message.substr(0, kLongestText)) +
         (message.size() > kLongestText ? "…" : "");
}

/// Times of day may jump back; a duration below nothing would be nonsense.
absl::Duration Since(absl::Time begin, absl::Time end) {
  return std::max(end - begin, absl::ZeroDuration());
}

int64_t Milliseconds(absl::Duration duration) { return absl::ToInt64Milliseconds(duration); }

}  // namespace

void JobObserver::Kind::Move(JobState from, JobState to) {
  Standing(from).Decrement();
  Standing(to).Increment();
}

absl::StatusOr<std::unique_ptr<JobObserver>> JobObserver::Make(Store& store, base::Metrics& metrics,
                                                               const base::WallClock& clock) {
  std::unique_ptr<JobObserver> observer(new JobObserver(store, metrics, clock));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<JobCount> counts, store.Count());
  for (const JobCount& count : counts) {
    observer->Of(count.kind).Standing(count.state).Increment(count.count);
  }
  observer->events_ =
      store.OnEvent([raw = observer.get()](const JobEvent& event) { raw->Happened(event); });
  return observer;
}

JobObserver::JobObserver(Store& store, base::Metrics& metrics, const base::WallClock& clock)
    : metrics_(metrics),
      link_(std::make_shared<StoreLink>()),
      commits_(metrics.GetCounter("slipway_store_commits_total", kCommitsHelp, {{"result", "ok"}})),
      failed_commits_(
          metrics.GetCounter("slipway_store_commits_total", kCommitsHelp, {{"result", "failed"}})),
      commit_operations_(metrics.GetHistogram("slipway_store_commit_operations",
                                              "Operations that shared one transaction.", {},
                                              kGroupBounds)) {
  link_->store = &store;
  link_->clock = &clock;
}

JobObserver::~JobObserver() {
  const std::lock_guard lock(link_->mutex);
  link_->store = nullptr;
}

void JobObserver::AddQueueAge(const std::string& kind) {
  const auto age = [link = link_, kind]() -> double {
    const std::lock_guard lock(link->mutex);
    if (link->store == nullptr) return 0;
    const absl::StatusOr<std::optional<absl::Time>> oldest = link->store->OldestWaiting(kind);
    return oldest.ok() && *oldest ? absl::ToDoubleSeconds(Since(**oldest, link->clock->Now())) : 0;
  };
  metrics_.AddGaugeCallback("slipway_job_queue_age_seconds",
                            "How long the oldest waiting job has been waiting.", {{"kind", kind}},
                            age);
}

std::unique_ptr<JobObserver::Kind> JobObserver::MakeKind(const std::string& kind) {
  const auto counter = [&](std::string_view name, std::string_view help) -> base::Counter& {
    return metrics_.GetCounter(name, help, {{"kind", kind}});
  };
  const auto ended = [&](const char* result) -> base::Counter& {
    return metrics_.GetCounter("slipway_job_attempts_ended_total", kEndedHelp,
                               {{"kind", kind}, {"result", result}});
  };
  const auto seconds = [&](std::string_view name, std::string_view help) -> base::Histogram& {
    return metrics_.GetHistogram(name, help, {{"kind", kind}});
  };
  auto made = std::make_unique<Kind>(Kind{
      counter("slipway_jobs_submitted_total", "Jobs acknowledged."),
      counter("slipway_job_attempts_started_total", "Leases taken."), ended("succeeded"),
      ended("failed"), ended("cancelled"), ended("retried"), ended("given_back"), ended("lost"),
      counter("slipway_jobs_forgotten_total", "Ended jobs that are not known any more."),
      seconds("slipway_job_wait_seconds",
              "From submission, or the time asked for, to the first start."),
      seconds("slipway_job_run_seconds", "From the start of the last attempt to the job's end.")});
  for (const JobState state : {JobState::kAccepted, JobState::kRunning, JobState::kSucceeded,
                               JobState::kFailed, JobState::kCancelled}) {
    made->standing[static_cast<size_t>(state)] = &metrics_.GetGauge(
        "slipway_jobs", kJobsHelp, {{"kind", kind}, {"state", StateName(state)}});
  }
  return made;
}

JobObserver::Kind& JobObserver::Of(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  const auto known = kinds_.find(kind);
  if (known != kinds_.end()) return *known->second;
  const bool own = kinds_.size() < kMaxKinds;
  std::unique_ptr<Kind>& entry = kinds_[own ? kind : kOtherKinds];
  if (entry == nullptr) {
    entry = MakeKind(own ? kind : kOtherKinds);
    if (own) AddQueueAge(kind);
  }
  return *entry;
}

void JobObserver::Happened(const JobEvent& event) {
  Kind& kind = Of(event.after.kind);
  switch (event.type) {
    case JobEvent::Type::kAccepted:
      return Accepted(kind, event.after);
    case JobEvent::Type::kLeased:
      return Leased(kind, event.after, event.before);
    case JobEvent::Type::kRetried:
      return Retried(kind, event.after);
    case JobEvent::Type::kGivenBack:
      return GivenBack(kind, event.after);
    case JobEvent::Type::kEnded:
      return Ended(kind, event.after, event.before);
    case JobEvent::Type::kForgotten:
      return Forgotten(kind, event.after);
  }
}

void JobObserver::Accepted(Kind& kind, const JobRow& row) {
  kind.submitted.Increment();
  kind.Standing(JobState::kAccepted).Increment();
  base::LogInfo("job {} accepted, kind {}, correlation id {}", row.id, row.kind,
                row.correlation_id);
}

void JobObserver::Leased(Kind& kind, const JobRow& row, JobState before) {
  const bool recovered = before == JobState::kRunning;
  const absl::Time from = std::max(row.create_time, row.not_before.value_or(row.create_time));
  const absl::Duration waited = Since(from, row.start_time.value_or(from));
  kind.started.Increment();
  if (row.attempt == 1) kind.waited.Observe(waited);
  if (recovered) kind.lost.Increment();
  kind.Move(before, row.state);
  base::LogInfo(
      "job {} started, kind {}, attempt {} of {}{}, {} ms after submission, "
      "correlation id {}",
      row.id, row.kind, row.attempt, row.max_attempts,
      recovered ? " because the one before did not answer in its lease" : "", Milliseconds(waited),
      row.correlation_id);
}

void JobObserver::Retried(Kind& kind, const JobRow& row) {
  kind.retried.Increment();
  kind.Move(JobState::kRunning, row.state);
  base::LogInfo("job {} will be tried again, kind {}, attempt {} of {}, correlation id {}: {}",
                row.id, row.kind, row.attempt, row.max_attempts, row.correlation_id,
                Text(row.error));
}

void JobObserver::GivenBack(Kind& kind, const JobRow& row) {
  kind.given_back.Increment();
  kind.Move(JobState::kRunning, row.state);
  // The attempt was taken off the row again.
  base::LogInfo("job {} given back, kind {}, attempt {}, correlation id {}", row.id, row.kind,
                row.attempt + 1, row.correlation_id);
}

void JobObserver::Ended(Kind& kind, const JobRow& row, JobState before) {
  kind.Move(before, row.state);
  absl::Duration ran;
  if (before == JobState::kRunning) {
    base::Counter& attempts = row.state == JobState::kSucceeded ? kind.succeeded
                              : row.state == JobState::kFailed  ? kind.failed
                                                                : kind.cancelled;
    attempts.Increment();
    if (row.start_time && row.end_time) ran = Since(*row.start_time, *row.end_time);
    kind.ran.Observe(ran);
  }
  if (row.state == JobState::kFailed) {
    base::LogWarn("job {} failed, kind {}, attempt {} of {}, after {} ms, correlation id {}: {}",
                  row.id, row.kind, row.attempt, row.max_attempts, Milliseconds(ran),
                  row.correlation_id, Text(row.error));
  } else {
    base::LogInfo("job {} {}, kind {}, attempt {}, after {} ms, correlation id {}", row.id,
                  StateName(row.state), row.kind, row.attempt, Milliseconds(ran),
                  row.correlation_id);
  }
}

void JobObserver::Forgotten(Kind& kind, const JobRow& row) {
  kind.forgotten.Increment();
  kind.Standing(row.state).Decrement();
  base::LogDebug("job {} forgotten, kind {}, correlation id {}", row.id, row.kind,
                 row.correlation_id);
}

void JobObserver::Refused(base::Reason reason) {
  base::Counter* counter = nullptr;
  {
    const std::lock_guard lock(mutex_);
    base::Counter*& entry = refused_[reason];
    if (entry == nullptr) {
      entry = &metrics_.GetCounter("slipway_job_submissions_refused_total",
                                   "Submissions that were not acknowledged, by why.",
                                   {{"reason", std::string(base::ReasonName(reason))}});
    }
    counter = entry;
  }
  counter->Increment();
}

void JobObserver::Committed(const CommitReport& report) {
  (report.status.ok() ? commits_ : failed_commits_).Increment();
  commit_operations_.Observe(static_cast<double>(report.operations));
}

}  // namespace slipway::jobs
