#include "jobs/testing/store_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace slipway::jobs {
namespace {

std::string Text(const std::optional<absl::Time>& time) {
  return time ? absl::StrCat(absl::ToUnixMicros(*time)) : "-";
}

std::string Text(const rpc::Status& status) {
  return absl::StrCat(static_cast<int>(status.code()), ":", status.message(), ":",
                      status.details());
}

}  // namespace

std::string Describe(const JobRow& row) {
  return absl::StrCat(
      "job ", row.id, " ", row.kind, " ", StateName(row.state), " attempt ", row.attempt, "/",
      row.max_attempts, " progress ", row.progress, " owner '", row.owner, "' correlation ",
      row.correlation_id, " create ", Text(row.create_time), " ready ", Text(row.ready_time),
      " not before ", Text(row.not_before), " start ", Text(row.start_time), " end ",
      Text(row.end_time), " expire ", Text(row.expire_time), " error ", Text(row.error));
}

std::string Describe(const JobOutcome& outcome) {
  return absl::StrCat(Describe(outcome.row), " result ", Text(outcome.result.status), " ",
                      outcome.result.content_type, " ", outcome.result.body, " attachment ",
                      outcome.attachment);
}

std::string Describe(const StoreAnswer& answer) {
  return absl::StrCat(static_cast<int>(answer.code), " ", answer.row ? Describe(*answer.row) : "",
                      " payload ", answer.payload, " ask again ", Text(answer.ask_again),
                      " purged ", answer.purged);
}

std::string Describe(const JobEvent& event) {
  return absl::StrCat("event ", static_cast<int>(event.type), " ", StateName(event.before), " ",
                      event.first_lease ? "first " : "", Describe(event.after));
}

JobResult StoreModel::ResultOf(int number) {
  JobResult result;
  if (number % 3 == 0) {
    result.status = rpc::Status(absl::StatusCode::kNotFound, absl::StrCat("no ", number));
  } else {
    result.content_type = "text/plain";
    result.body = absl::StrCat("body ", number);
  }
  return result;
}

rpc::Status StoreModel::ErrorOf(int number) {
  return rpc::Status(absl::StatusCode::kUnavailable, absl::StrCat("error ", number), "details");
}

StoreAnswer StoreModel::Apply(const StoreOperation& operation) {
  using Type = StoreOperation::Type;
  if (operation.type == Type::kSubmit) return Submit(operation.submit);
  if (operation.type == Type::kLease) return Lease(operation.kind, operation.now);
  if (operation.type == Type::kPurge) return Purge(operation.now.wall);
  if (!Knows(operation.job)) return {absl::StatusCode::kNotFound};
  Job& job = jobs_[operation.job];
  if (operation.type == Type::kCancel) return Cancel(job, operation.now.wall);
  if (operation.type == Type::kDelete) {
    if (!Ended(job.outcome.row.state)) return {absl::StatusCode::kFailedPrecondition};
    Forget(operation.job);
    return {};
  }
  return WithLease(operation, job);
}

StoreAnswer StoreModel::Submit(const NewJob& submit) {
  int64_t waiting = 0;
  for (const auto& [number, job] : jobs_) {
    waiting += job.outcome.row.state == JobState::kAccepted;
    if (submit.idempotency_key.empty() || submit.owner != job.submit.owner ||
        submit.idempotency_key != job.submit.idempotency_key) {
      continue;
    }
    if (submit.fingerprint != job.submit.fingerprint) return {absl::StatusCode::kAlreadyExists};
    return {absl::StatusCode::kOk, job.outcome.row};
  }
  if (waiting >= limits_.max_waiting) return {absl::StatusCode::kResourceExhausted};
  const size_t number = submitted_++;
  Job& job = jobs_[number];
  job.submit = submit;
  job.outcome.attachment = submit.attachment;
  JobRow& row = job.outcome.row;
  row.id = absl::StrCat(number);
  row.kind = submit.kind;
  row.max_attempts = submit.max_attempts;
  row.correlation_id = submit.correlation_id;
  row.owner = submit.owner;
  row.create_time = submit.create_time;
  row.not_before = submit.not_before;
  row.ready_time = std::max(submit.create_time, submit.not_before.value_or(submit.create_time));
  events_.push_back({JobEvent::Type::kAccepted, JobState::kAccepted, row});
  return {absl::StatusCode::kOk, row};
}

StoreAnswer StoreModel::Lease(const std::string& kind, JobTime now) {
  for (auto& [number, job] : jobs_) {
    if (job.submit.kind != kind) continue;
    JobRow& row = job.outcome.row;
    if (row.not_before && *row.not_before <= now.wall) row.not_before.reset();
    if (job.retry_time && *job.retry_time <= now.steady) job.retry_time.reset();
  }
  StoreAnswer answer;
  absl::Time ask_again = absl::InfiniteFuture();
  for (auto& [number, job] : jobs_) {
    JobRow& row = job.outcome.row;
    if (row.kind != kind || Ended(row.state)) continue;
    const bool running = row.state == JobState::kRunning;
    if (running && job.lease_until > now.steady) {
      ask_again = std::min(ask_again, job.lease_until);
    } else if (row.not_before) {
      ask_again = std::min(ask_again, now.steady + (*row.not_before - now.wall));
    } else if (job.retry_time) {
      ask_again = std::min(ask_again, *job.retry_time);
    } else if (running && row.attempt >= row.max_attempts) {
      End(job, JobState::kFailed, now.wall,
          rpc::Status(
              absl::StatusCode::kInternal,
              absl::StrCat("the job's worker died during each of its ", row.attempt, " attempts")));
    } else {
      const JobState before = row.state;
      row.state = JobState::kRunning;
      row.attempt += 1;
      row.progress = 0;
      row.start_time = now.wall;
      job.leases += 1;
      job.lease_is_good = true;
      job.lease_until = now.steady + kLease;
      events_.push_back({JobEvent::Type::kLeased, before, row, job.leases == 1});
      answer.row = row;
      answer.payload = job.submit.payload;
      return answer;
    }
  }
  answer.ask_again = ask_again;
  return answer;
}

StoreAnswer StoreModel::WithLease(const StoreOperation& operation, Job& job) {
  using Type = StoreOperation::Type;
  const bool is_last =
      operation.lease != StoreOperation::kNoLease && operation.lease + 1 == job.leases;
  if (!is_last || !job.lease_is_good) {
    return {absl::StatusCode::kAborted};
  }
  const absl::Time now = operation.now.wall;
  JobRow& row = job.outcome.row;
  if (operation.type == Type::kExtend) {
    job.lease_until = operation.until;
    row.progress = operation.number % 101;
    return {};
  }
  if (operation.type == Type::kComplete) {
    row.progress = 100;
    job.outcome.result = ResultOf(operation.number);
    End(job, JobState::kSucceeded, now, rpc::Status());
  } else if (operation.type == Type::kFail) {
    End(job, JobState::kFailed, now, ErrorOf(operation.number));
  } else if (operation.type == Type::kRetry) {
    row.error = ErrorOf(operation.number);
    job.retry_time = operation.until;
    Wait(job, JobEvent::Type::kRetried);
  } else {
    row.attempt -= 1;
    Wait(job, JobEvent::Type::kGivenBack);
  }
  return {};
}

void StoreModel::Wait(Job& job, JobEvent::Type type) {
  job.lease_is_good = false;
  job.outcome.row.state = JobState::kAccepted;
  job.outcome.row.progress = 0;
  events_.push_back({type, JobState::kRunning, job.outcome.row});
}

void StoreModel::End(Job& job, JobState state, absl::Time now, rpc::Status error) {
  JobRow& row = job.outcome.row;
  const JobState before = row.state;
  job.lease_is_good = false;
  job.retry_time.reset();
  row.not_before.reset();
  row.state = state;
  row.end_time = now;
  row.expire_time = now + job.submit.result_lifetime;
  row.error = std::move(error);
  events_.push_back({JobEvent::Type::kEnded, before, row});
}

StoreAnswer StoreModel::Cancel(Job& job, absl::Time now) {
  if (!Ended(job.outcome.row.state)) {
    End(job, JobState::kCancelled, now, rpc::Status(absl::StatusCode::kCancelled, kMessage));
  }
  return {absl::StatusCode::kOk, job.outcome.row};
}

void StoreModel::Forget(size_t number) {
  const JobRow& row = jobs_[number].outcome.row;
  events_.push_back({JobEvent::Type::kForgotten, row.state, row});
  jobs_.erase(number);
}

StoreAnswer StoreModel::Purge(absl::Time now) {
  StoreAnswer answer;
  std::vector<size_t> forgotten;
  for (auto& [number, job] : jobs_) {
    const auto& expire = job.outcome.row.expire_time;
    if (!expire || *expire > now) continue;
    if (*expire + limits_.remember <= now) {
      forgotten.push_back(number);
    } else if (!job.emptied) {
      job.emptied = true;
      job.outcome.result = JobResult();
      job.outcome.attachment.clear();
      ++answer.purged;
    }
  }
  for (const size_t number : forgotten) Forget(number);
  answer.purged += forgotten.size();
  return answer;
}

void StoreModel::Restart() {
  for (auto& [number, job] : jobs_) {
    job.lease_until = absl::InfinitePast();
    job.retry_time.reset();
  }
}

std::map<size_t, JobOutcome> StoreModel::Outcomes() const {
  std::map<size_t, JobOutcome> outcomes;
  for (const auto& [number, job] : jobs_) outcomes[number] = job.outcome;
  return outcomes;
}

std::vector<std::string> StoreModel::List(const JobQuery& query) const {
  std::vector<std::string> rows;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) {
    const JobRow& row = job->second.outcome.row;
    if (query.owner && *query.owner != row.owner) continue;
    if (query.state && *query.state != row.state) continue;
    if (!query.kind.empty() && query.kind != row.kind) continue;
    if (row.expire_time && *row.expire_time <= query.now) continue;
    rows.push_back(Describe(row));
  }
  return rows;
}

std::map<std::pair<std::string, JobState>, int64_t> StoreModel::Counts() const {
  std::map<std::pair<std::string, JobState>, int64_t> counts;
  for (const auto& [number, job] : jobs_) {
    ++counts[{job.outcome.row.kind, job.outcome.row.state}];
  }
  return counts;
}

}  // namespace slipway::jobs
