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

/// From when it might have run to the start of its last attempt.
absl::Duration Waited(const JobRow& row) {
  return Since(row.ready_time, row.start_time.value_or(row.ready_time));
}

/// Its last attempt, of a job that has ended.
absl::Duration Ran(const JobRow& row) {
  return row.start_time && row.end_time ? Since(*row.start_time, *row.end_time)
                                        : absl::ZeroDuration();
}

void LogStart(const JobRow& row, JobState before) {
  base::LogInfo(
      "job {} started, kind {}, attempt {} of {}{}, {} ms after it was due, "
      "correlation id {}",
      row.id, row.kind, row.attempt, row.max_attempts,
      before == JobState::kRunning ? " because the one before did not answer in its lease" : "",
      Milliseconds(Waited(row)), row.correlation_id);
}

void LogEnd(const JobRow& row, JobState before) {
  const absl::Duration ran = before == JobState::kRunning ? Ran(row) : absl::ZeroDuration();
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

void Log(const JobEvent& event) {
  const JobRow& row = event.after;
  switch (event.type) {
    case JobEvent::Type::kAccepted:
      return base::LogInfo("job {} accepted, kind {}, correlation id {}", row.id, row.kind,
                           row.correlation_id);
    case JobEvent::Type::kLeased:
      return LogStart(row, event.before);
    case JobEvent::Type::kRetried:
      return base::LogInfo(
          "job {} will be tried again, kind {}, attempt {} of {}, correlation id {}: {}", row.id,
          row.kind, row.attempt, row.max_attempts, row.correlation_id, Text(row.error));
    case JobEvent::Type::kGivenBack:
      // The attempt was taken off the row again.
      return base::LogInfo("job {} given back, kind {}, attempt {}, correlation id {}", row.id,
                           row.kind, row.attempt + 1, row.correlation_id);
    case JobEvent::Type::kEnded:
      return LogEnd(row, event.before);
    case JobEvent::Type::kForgotten:
      return base::LogDebug("job {} forgotten, kind {}, correlation id {}", row.id, row.kind,
                            row.correlation_id);
  }
}

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
  observer->counts_ = store.OnEvent(
      [raw = observer.get()](absl::Span<const JobEvent> events) { raw->Count(events); });
  observer->lines_ = store.OnEventLater([](absl::Span<const JobEvent> events) {
    for (const JobEvent& event : events) Log(event);
  });
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

void JobObserver::Count(absl::Span<const JobEvent> events) {
  const JobEvent* last = nullptr;
  Kind* kind = nullptr;
  for (const JobEvent& event : events) {
    if (last == nullptr || event.after.kind != last->after.kind) kind = &Of(event.after.kind);
    last = &event;
    Count(*kind, event);
  }
}

void JobObserver::Count(Kind& kind, const JobEvent& event) {
  const JobRow& row = event.after;
  switch (event.type) {
    case JobEvent::Type::kAccepted:
      kind.submitted.Increment();
      return kind.Standing(JobState::kAccepted).Increment();
    case JobEvent::Type::kLeased:
      kind.started.Increment();
      if (event.first_lease) kind.waited.Observe(Waited(row));
      if (event.before == JobState::kRunning) kind.lost.Increment();
      return kind.Move(event.before, row.state);
    case JobEvent::Type::kRetried:
      kind.retried.Increment();
      return kind.Move(JobState::kRunning, row.state);
    case JobEvent::Type::kGivenBack:
      kind.given_back.Increment();
      return kind.Move(JobState::kRunning, row.state);
    case JobEvent::Type::kEnded:
      return CountEnd(kind, row, event.before);
    case JobEvent::Type::kForgotten:
      kind.forgotten.Increment();
      return kind.Standing(row.state).Decrement();
  }
}

void JobObserver::CountEnd(Kind& kind, const JobRow& row, JobState before) {
  kind.Move(before, row.state);
  if (before != JobState::kRunning) return;
  base::Counter& attempts = row.state == JobState::kSucceeded ? kind.succeeded
                            : row.state == JobState::kFailed  ? kind.failed
                                                              : kind.cancelled;
  attempts.Increment();
  kind.ran.Observe(Ran(row));
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
