#include "jobs/work/lane.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"

namespace slipway::jobs {
namespace {

// How soon to ask a store again that answered with an error, and how soon at the earliest one that
// had nothing: a time that has just come is not worth a busy loop.
constexpr absl::Duration kAfterError = absl::Seconds(1);
constexpr absl::Duration kSoonest = absl::Milliseconds(1);

}  // namespace

Lane::Lane(const WorkContext& work, std::string kind, JobHandler handler, size_t limit,
           std::function<void()> on_idle)
    : work_(work),
      kind_(std::move(kind)),
      handler_(std::move(handler)),
      limit_(std::max<size_t>(limit, 1)),
      on_idle_(std::move(on_idle)),
      timer_(work.executor) {}

void Lane::News() {
  ++news_;
  // An answer that is on its way sees to it otherwise.
  if (questions_.open() == 0) AskForLease();
}

void Lane::AskForLease() {
  if (closed_) return;
  // Runs whose handler has ended and whose end is being stored do not count as busy, so that the
  // next lease shares a commit with it; but a store that takes no ends must not be asked for ever
  // more jobs.
  if (busy_ >= limit_ || questions_.open() + in_flight() >= 2 * limit_) {
    due_ = std::min(due_ + 1, limit_);
    return;
  }
  // Read in this order, so that what is asked for has not run out by what was looked at.
  const rpc::Time asked = work_.executor.Now();
  const JobTime now = work_.clock.Now();
  if (LeaseRanOut()) {
    Beat(asked);
    AskAgain(kAfterError);
    return;
  }
  ++busy_;
  Ask& ask = asks_.emplace_back();
  ask.self = std::prev(asks_.end());
  ask.number = questions_.Ask();
  ask.root = Lease(ask, asked, now);
  ask.root.Start();
}

void Lane::AskWhatIsDue() {
  if (due_ == 0) return;
  --due_;
  AskForLease();
}

bool Lane::LeaseRanOut() {
  const rpc::Time now = work_.executor.Now();
  if (now < first_lease_end_) return false;
  first_lease_end_ = rpc::Time::max();
  for (const Run& run : runs_) {
    first_lease_end_ = std::min(first_lease_end_, run.lease_end().value_or(rpc::Time::max()));
  }
  return now >= first_lease_end_;
}

Root Lane::Lease(Ask& ask, rpc::Time asked, JobTime now) {
  const uint64_t news = news_;
  auto lease = work_.store.LeaseNext(work_.executor, kind_, now, work_.options.lease);
  absl::StatusOr<LeaseAnswer> answer = co_await std::move(lease);
  const bool cancelled =
      questions_.Answered(ask.number, answer.ok() && answer->job ? answer->job->row.id : "");
  if (!answer.ok()) {
    CouldNotLease(answer.status());
  } else if (cancelled) {  // the lease is void
    failing_ = false;
    --busy_;
    AskForLease();
  } else if (answer->job) {
    Begin(*std::move(answer->job), asked);
  } else {
    FoundNothing(answer->ask_again, news);
  }
  // Not from inside this frame, which goes with it.
  work_.executor.Post([this, &ask] {
    asks_.erase(ask.self);
    CheckIdle();
  });
}

void Lane::Begin(LeasedJob job, rpc::Time asked) {
  failing_ = false;
  // Others may have taken over a lease of ours that we do not know to be lost, and ended theirs.
  if (job.row.attempt > 1) InterruptRunsOf(job.row.id);
  Run::Listener& listener = *this;
  Run& run = runs_.emplace_back(work_, listener, handler_, std::move(job), asked);
  run.self = std::prev(runs_.end());
  first_lease_end_ = std::min(first_lease_end_, run.lease_end().value_or(first_lease_end_));
  // There may be more. Two for one fills the lane in few steps, and their leases share commits.
  AskForLease();
  AskForLease();
  if (closed_) {
    run.Decline();
  } else {
    run.Start();
  }
}

void Lane::FoundNothing(absl::Time ask_again, uint64_t news) {
  failing_ = false;
  --busy_;
  if (news == news_) due_ = 0;
  if (questions_.open() > 0) return;  // the answer that comes last decides
  if (news == news_) {
    AskAgain(ask_again - work_.clock.Steady());
  } else {
    AskForLease();
  }
}

void Lane::CouldNotLease(const absl::Status& why) {
  if (!std::exchange(failing_, true)) {
    base::LogWarn("no job of kind {} could be leased: {}", kind_, std::string(why.message()));
  }
  --busy_;
  if (questions_.open() == 0) AskAgain(kAfterError);
}

void Lane::AskAgain(absl::Duration wait) {
  if (closed_) return;
  wait = std::min(std::max(wait, kSoonest), work_.options.sweep);
  timer_.Start(work_.executor.Now() + ToSteady(wait), [this] { News(); });
}

void Lane::InterruptRunsOf(const std::string& id) {
  for (Run& run : runs_) {
    if (run.row().id == id) run.Interrupt(Interruption::kLost);
  }
}

void Lane::OnCancelled(const std::string& id) {
  InterruptRunsOf(id);
  questions_.Cancelled(id);
}

void Lane::Beat(rpc::Time now) {
  for (Run& run : runs_) run.Beat(now);
}

void Lane::Close() {
  closed_ = true;
  timer_.Cancel();
}

void Lane::GiveBack() {
  for (Run& run : runs_) run.Interrupt(Interruption::kStopping);
}

void Lane::OnHandled(Run&) {
  --busy_;
  AskWhatIsDue();
}

void Lane::OnEnded(Run& run) {
  work_.executor.Post([this, &run] { Settle(run); });
}

void Lane::Settle(Run& run) {
  if (run.Leave()) {
    runs_.erase(run.self);
  } else {
    ++left_;
  }
  AskWhatIsDue();
  CheckIdle();
}

void Lane::OnGone(Run& run) {
  work_.executor.Post([this, &run] {
    --left_;
    runs_.erase(run.self);
  });
}

void Lane::CheckIdle() {
  if (idle()) on_idle_();
}

}  // namespace slipway::jobs
