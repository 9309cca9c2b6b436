#include "jobs/work/run.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "jobs/work/sleep.h"
#include "rpc/call_context.h"

namespace slipway::jobs {
namespace {

// How long to wait for a store that has no room or is unavailable.
constexpr rpc::Duration kStoreRetry = std::chrono::seconds(1);

bool NotOurs(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsNotFound(status);
}

bool MayPass(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

rpc::CallSpec SpecOf(const LeasedJob& job, rpc::Deadline deadline) {
  rpc::CallSpec spec;
  spec.method = "/slipway.v1.Jobs/" + job.row.kind;
  spec.metadata.Add(std::string(rpc::kCorrelationIdKey), job.row.correlation_id);
  spec.deadline = deadline;
  spec.peer = "job " + job.row.id;
  return spec;
}

}  // namespace

Run::Run(const WorkContext& work, Listener& listener, const JobHandler& handler, LeasedJob job,
         rpc::Time leased)
    : work_(work),
      listener_(listener),
      handler_(handler),
      job_(std::move(job)),
      deadline_(work.executor.Now() + ToSteady(work.options.attempt_timeout)),
      extended_(leased),
      timer_(work.executor) {}

void Run::Start() {
  attempt_.emplace(work_.executor, SpecOf(job_, deadline_), std::move(job_.payload));
  // Whatever the handler waits for, it hears of the end of its time.
  timer_.Start(deadline_, [this] { Interrupt(Interruption::kTimeUp); });
  handling_ = Handle();
  handling_.Start();
  life_ = Live();
  life_.Start();
}

void Run::Decline() {
  interruption_ = Interruption::kStopping;
  abandoned_ = true;
  life_ = Live();
  life_.Start();
}

Root Run::Handle() {
  handler_waits_ = true;
  auto handling = handler_(*attempt_);
  absl::StatusOr<JobResult> answer = co_await std::move(handling);
  handler_waits_ = false;
  if (phase_ == Phase::kRunning) {
    answer_ = std::move(answer);
    changed_.Wake();
  } else if (phase_ == Phase::kLeft) {
    listener_.OnGone(*this);
  }
}

Root Run::Live() {
  while (!answer_ && !abandoned_) co_await changed_.Wait();
  timer_.Cancel();
  phase_ = Phase::kEnding;
  if (interruption_ == Interruption::kNone && work_.executor.Now() >= deadline_) {
    interruption_ = Interruption::kTimeUp;
  }
  Verdict verdict = Judge(interruption_, std::move(answer_), job_.row, work_.options);
  listener_.OnHandled(*this);
  auto store_end = StoreEnd(std::move(verdict));
  co_await std::move(store_end);
  phase_ = Phase::kEnded;
  listener_.OnEnded(*this);
}

void Run::Interrupt(Interruption why) {
  const bool first = interruption_ == Interruption::kNone;
  interruption_ = std::max(interruption_, why);
  if (phase_ == Phase::kEnding) changed_.Wake();
  if (phase_ != Phase::kRunning) return;
  if (first) {
    timer_.Start(work_.executor.Now() + ToSteady(work_.options.patience), [this] { Abandon(); });
  }
  attempt_->call().Cancel();
}

void Run::Abandon() {
  base::LogWarn("job {}: the handler of kind {} does not heed its cancellation and is abandoned",
                job_.row.id, job_.row.kind);
  abandoned_ = true;
  changed_.Wake();
}

bool Run::Leave() {
  if (handler_waits_) phase_ = Phase::kLeft;
  return !handler_waits_;
}

rpc::Task<void> Run::StoreEnd(Verdict verdict) {
  const absl::Time end = work_.clock.Wall();
  absl::Time wake = work_.clock.Steady();
  if (verdict.type == Verdict::Type::kRetry) {
    wake += BackoffWait(work_.options.backoff, job_.row.attempt, work_.random());
  }
  absl::Status stored = absl::AbortedError("");
  while (verdict.type != Verdict::Type::kDrop && interruption_ != Interruption::kLost) {
    auto put = Put(verdict, end, wake);
    stored = co_await std::move(put);
    if (!MayPass(stored) || interruption_ == Interruption::kStopping ||
        !work_.store.Health().ok()) {
      break;
    }
    auto pause = Pause();
    co_await std::move(pause);
  }
  if (NotOurs(stored)) {
    base::LogInfo("job {}: the end of attempt {} is dropped: the lease is lost", job_.row.id,
                  job_.row.attempt);
  } else if (!stored.ok()) {
    base::LogWarn("job {}: the end of attempt {} could not be stored: {}", job_.row.id,
                  job_.row.attempt, std::string(stored.message()));
  }
}

rpc::Task<absl::Status> Run::Put(const Verdict& verdict, absl::Time end, absl::Time wake) {
  // What is handed over is copied: the store may be full now and have room in a second.
  const std::string& id = job_.row.id;
  switch (verdict.type) {
    case Verdict::Type::kComplete:
      return work_.store.Complete(work_.executor, id, job_.token, end, verdict.result);
    case Verdict::Type::kRetry:
      return work_.store.Retry(work_.executor, id, job_.token, verdict.error, wake);
    case Verdict::Type::kFail:
      return work_.store.Fail(work_.executor, id, job_.token, end, verdict.error);
    case Verdict::Type::kGiveBack:
    case Verdict::Type::kDrop:  // not put
      break;
  }
  return work_.store.Release(work_.executor, id, job_.token);
}

rpc::Task<void> Run::Pause() {
  timer_.Start(work_.executor.Now() + kStoreRetry, [this] { changed_.Wake(); });
  co_await changed_.Wait();
  timer_.Cancel();
}

bool Run::Ours() const {
  return (phase_ == Phase::kRunning || phase_ == Phase::kEnding) &&
         interruption_ != Interruption::kLost;
}

void Run::Beat(rpc::Time now) {
  if (!Ours() || extending_) return;
  if (now - extended_ < ToSteady(work_.options.lease) / 3) return;
  extend_ = Extend();
  extend_.Start();
}

std::optional<rpc::Time> Run::lease_end() const {
  if (!Ours()) return std::nullopt;
  // Stores count in microseconds, and cut off what is less.
  return extended_ + ToSteady(work_.options.lease - absl::Microseconds(1));
}

Root Run::Extend() {
  extending_ = true;
  absl::Status extended;
  for (bool told = false; Ours(); told = true) {
    const rpc::Time asked = work_.executor.Now();
    auto extend = work_.store.Extend(work_.executor, job_.row.id, job_.token,
                                     work_.clock.Steady() + work_.options.lease,
                                     attempt_ ? attempt_->progress() : 0);
    extended = co_await std::move(extend);
    if (extended.ok()) extended_ = asked;
    if (!MayPass(extended)) break;
    if (!told) {
      base::LogWarn("job {}: the lease could not be prolonged: {}", job_.row.id,
                    std::string(extended.message()));
    }
    auto sleep = Sleep(work_.executor, kStoreRetry);
    co_await std::move(sleep);
  }
  extending_ = false;
  // In the other phases the answer to the end says it, or has said so.
  if (NotOurs(extended) && phase_ == Phase::kRunning) Interrupt(Interruption::kLost);
}

}  // namespace slipway::jobs
