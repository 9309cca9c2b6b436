#include "outbound/rate_limiter.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include "absl/time/time.h"
#include "base/log.h"

namespace slipway::outbound {
namespace {

constexpr char kWaits[] = "slipway_limiter_waits_total";
constexpr char kWaitsHelp[] = "Waits before calls of an upstream that have ended.";

/// A finished wait, for the log.
struct Wait {
  rpc::Duration duration;
  WaitReason reason;
};

const char* Why(WaitReason reason) {
  switch (reason) {
    case WaitReason::kRefused:
      return "the upstream refused a call";
    case WaitReason::kFailed:
      return "a call failed";
    case WaitReason::kWindow:
      break;
  }
  return "the limit was used up";
}

double Milliseconds(rpc::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

/// What a line and the limiter share. The line's executor may be posted to while the place is not
/// closed, which is asked under the limiter's lock: so an executor may go when its lines have.
struct RateLimiter::Place {
  rpc::Executor* executor;
  std::string label;
  std::function<void()> changed;  // used on the executor's thread

  // Guarded by the limiter's mutex_:
  int wanted = 0;  // beside those that have come
  std::deque<Permit> come;
  bool in_turns = false;
  std::list<std::shared_ptr<Place>>::iterator turn;  // while in_turns
  bool wake_posted = false;
  std::optional<rpc::Time> waits_since;
  WaitReason reason = WaitReason::kWindow;
  std::optional<Wait> ended_wait;

  bool closed = false;  // on the executor's thread
};

RateLimiter::RateLimiter(std::string name, std::unique_ptr<RateLimit> limit, base::Metrics& metrics)
    : name_(std::move(name)),
      waiting_(metrics.GetGauge("slipway_limiter_waiting", "Requests that wait for permits.")),
      window_waits_(metrics.GetCounter(kWaits, kWaitsHelp, {{"reason", "window"}})),
      refused_waits_(metrics.GetCounter(kWaits, kWaitsHelp, {{"reason", "refused"}})),
      failed_waits_(metrics.GetCounter(kWaits, kWaitsHelp, {{"reason", "failed"}})),
      wait_seconds_(metrics.GetHistogram("slipway_limiter_wait_seconds",
                                         "How long requests waited before calls.")),
      limit_(std::move(limit)) {}

Permit RateLimiter::TakeAnyway(rpc::Time now) {
  const std::lock_guard lock(mutex_);
  return limit_->Take(now);
}

void RateLimiter::Return(Permit permit, rpc::Time now) {
  const std::lock_guard lock(mutex_);
  limit_->Return(permit, now);
  HandOut(now, nullptr);
}

void RateLimiter::Answered(Permit permit, rpc::Time now) {
  const std::lock_guard lock(mutex_);
  limit_->Answered(permit, now);
}

void RateLimiter::Served(Permit permit, rpc::Time now) {
  const std::lock_guard lock(mutex_);
  const rpc::Time before = limit_->RefusedUntil();
  limit_->Served(permit, now);
  if (limit_->RefusedUntil() != before) HandOut(now, nullptr);
  WakeAllUnless(before);
}

void RateLimiter::Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after) {
  const std::lock_guard lock(mutex_);
  const rpc::Time before = limit_->RefusedUntil();
  limit_->Refused(permit, now, retry_after);
  WakeAllUnless(before);
}

rpc::Time RateLimiter::RefusedUntil() {
  const std::lock_guard lock(mutex_);
  return limit_->RefusedUntil();
}

void RateLimiter::Waited(std::string_view label, rpc::Duration duration, WaitReason reason,
                         std::string_view why) {
  Count(duration, reason);
  base::LogInfo("limiter: {} waited {:.0f} ms for {}: {}: {}", label, Milliseconds(duration), name_,
                Why(reason), why);
}

void RateLimiter::WakeAllUnless(rpc::Time before) {
  if (limit_->RefusedUntil() == before) return;
  for (const std::shared_ptr<Place>& place : in_turns_) Wake(place);
}

void RateLimiter::Count(rpc::Duration duration, WaitReason reason) {
  base::Counter& waits = reason == WaitReason::kRefused  ? refused_waits_
                         : reason == WaitReason::kFailed ? failed_waits_
                                                         : window_waits_;
  waits.Increment();
  wait_seconds_.Observe(std::chrono::duration<double>(duration).count());
}

void RateLimiter::Enqueue(const std::shared_ptr<Place>& place) {
  if (place->in_turns || place->wanted == 0) return;
  place->turn = in_turns_.insert(in_turns_.end(), place);
  place->in_turns = true;
}

void RateLimiter::EndWait(Place& place, rpc::Time now) {
  if (!place.waits_since) return;
  const Wait wait{now - *place.waits_since, place.reason};
  place.waits_since.reset();
  place.ended_wait = wait;
  waiting_.Decrement();
  Count(wait.duration, wait.reason);
}

void RateLimiter::HandOut(rpc::Time now, const Place* self) {
  if (in_turns_.empty()) return;
  for (int left = limit_->Available(now); left > 0 && !in_turns_.empty(); --left) {
    const std::shared_ptr<Place> place = std::move(in_turns_.front());
    in_turns_.pop_front();
    place->in_turns = false;
    place->come.push_back(limit_->Take(now));
    --place->wanted;
    Enqueue(place);
    EndWait(*place, now);
    if (place.get() != self) Wake(place);
  }
}

void RateLimiter::Wake(const std::shared_ptr<Place>& place) {
  if (std::exchange(place->wake_posted, true)) return;
  place->executor->Post([this, place] {
    if (place->closed) return;
    {
      const std::lock_guard lock(mutex_);
      place->wake_posted = false;
    }
    place->changed();
  });
}

RateLimiter::Line::Line(RateLimiter& limiter, rpc::Executor& executor, std::string label,
                        std::function<void()> changed)
    : limiter_(limiter), timer_(executor), place_(std::make_shared<Place>()) {
  place_->executor = &executor;
  place_->label = std::move(label);
  place_->changed = std::move(changed);
}

RateLimiter::Line::~Line() {
  const rpc::Time now = place_->executor->Now();
  place_->closed = true;
  {
    const std::lock_guard lock(limiter_.mutex_);
    if (place_->in_turns) limiter_.in_turns_.erase(place_->turn);
    place_->in_turns = false;
    limiter_.EndWait(*place_, now);
    for (const Permit& permit : place_->come) limiter_.limit_->Return(permit, now);
    if (!place_->come.empty()) limiter_.HandOut(now, nullptr);
  }
  AfterChange();
}

void RateLimiter::Line::Want(int count) {
  const rpc::Time now = place_->executor->Now();
  {
    const std::lock_guard lock(limiter_.mutex_);
    const int come = static_cast<int>(place_->come.size());
    place_->wanted = std::max(0, count - come);
    bool returned = false;
    for (int extra = come - count; extra > 0; --extra) {
      limiter_.limit_->Return(place_->come.back(), now);
      place_->come.pop_back();
      returned = true;
    }
    if (place_->wanted == 0 && place_->in_turns) {
      limiter_.in_turns_.erase(place_->turn);
      place_->in_turns = false;
    }
    limiter_.Enqueue(place_);
    if (place_->in_turns || returned) limiter_.HandOut(now, place_.get());
    const bool waits = place_->in_turns && place_->come.empty();
    if (waits && !place_->waits_since) {
      place_->waits_since = now;
      place_->reason = limiter_.limit_->Reason(now);
      limiter_.waiting_.Increment();
    } else if (!waits) {
      limiter_.EndWait(*place_, now);
    }
  }
  AfterChange();
}

std::optional<Permit> RateLimiter::Line::Take() {
  const rpc::Time now = place_->executor->Now();
  std::optional<Permit> taken;
  {
    const std::lock_guard lock(limiter_.mutex_);
    while (!taken && !place_->come.empty()) {
      const Permit permit = place_->come.front();
      place_->come.pop_front();
      if (limiter_.limit_->Valid(permit, now)) {
        taken = permit;
      } else {
        limiter_.limit_->Return(permit, now);
        ++place_->wanted;
      }
    }
    limiter_.Enqueue(place_);
  }
  if (!taken) AfterChange();
  return taken;
}

void RateLimiter::Line::AfterChange() {
  std::optional<Wait> ended;
  std::optional<rpc::Time> look_again;
  {
    const std::lock_guard lock(limiter_.mutex_);
    ended = std::exchange(place_->ended_wait, std::nullopt);
    if (place_->in_turns) {
      const rpc::Time now = place_->executor->Now();
      look_again = limiter_.limit_->LookAgainAt(now);
      place_->reason = limiter_.limit_->Reason(now);
    }
  }
  if (ended) {
    base::LogInfo("limiter: {} waited {:.0f} ms for {}: {}", place_->label,
                  Milliseconds(ended->duration), limiter_.name_, Why(ended->reason));
  }
  if (look_again) {
    timer_.Start(*look_again, [this] { OnTimer(); });
  } else {
    timer_.Cancel();
  }
}

void RateLimiter::Line::OnTimer() {
  {
    const std::lock_guard lock(limiter_.mutex_);
    limiter_.HandOut(place_->executor->Now(), nullptr);
  }
  AfterChange();
}

}  // namespace slipway::outbound
