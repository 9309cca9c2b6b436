#include "client/run/driver.h"

#include <algorithm>
#include <chrono>

namespace slipway::client {
namespace {

/// How long a slot rests when there is no connection: long enough to leave the CPU to the server
/// that is coming back, short against its way back.
constexpr rpc::Duration kRest = std::chrono::milliseconds(20);

/// A queue that does not allocate until it holds more than `capacity`.
template <typename Queue>
Queue WithCapacity(uint32_t capacity) {
  typename Queue::container_type container;
  container.reserve(capacity);
  return Queue({}, std::move(container));
}

}  // namespace

Driver::Driver(rpc::Executor& executor, Issuer& issuer, Pacer& pacer, const Options& options)
    : executor_(executor),
      issuer_(issuer),
      pacer_(pacer),
      options_(options),
      open_loop_(pacer.open_loop()),
      end_(options.window.end),
      slots_(options.slots),
      due_timer_(executor),
      end_timer_(executor),
      resting_(WithCapacity<decltype(resting_)>(options.slots)),
      rest_timer_(executor),
      timeline_(options.slice) {
  free_.reserve(options.slots);
  for (uint32_t slot = options.slots; slot > 0; --slot) free_.push_back(slot - 1);
  issuer_.Listen(this);
}

void Driver::Start() {
  const rpc::Time now = executor_.Now();
  for (Slot& slot : slots_) slot.free_since = now;
  end_timer_.Start(end_, [this] { EndWindow(); });
  Fill(now);
}

/// Starts what is due, while there are slots. An engine that reports from inside Issue comes back
/// here through Done; the outer turn goes on then.
///
/// An open loop looks at the clock again for each request, so that the lag of a burst is true. Yet
/// what has become due since this turn began is left to the next one: engines write when it ends.
void Driver::Fill(rpc::Time now) {
  if (filling_) return;
  filling_ = true;
  const rpc::Time horizon = now;
  while (!no_more_ && !free_.empty()) {
    if (!next_) next_ = pacer_.Next(slots_[free_.back()].free_since, now);
    if (!next_) {
      no_more_ = true;
    } else if (next_->start > horizon) {
      // One that is running was for an earlier request: it comes too soon, and this is done then.
      if (!due_timer_.running()) {
        due_timer_.Start(next_->start, [this] { Fill(executor_.Now()); });
      }
      break;
    } else {
      Begin(*std::exchange(next_, std::nullopt), now);
      if (open_loop_) now = executor_.Now();
    }
  }
  filling_ = false;
  CheckEnd();
}

void Driver::Begin(const Due& due, rpc::Time now) {
  const uint32_t number = free_.back();
  free_.pop_back();
  Slot& slot = slots_[number];
  slot.intended = due.intended;
  slot.started = now;
  last_due_ = due.intended;
  if (Measured(slot)) {
    ++begun_;
    if (open_loop_) tally_.Record(Series::kLag, now - slot.intended);
  } else {
    ++warmup_;
  }
  ++in_flight_;
  issuer_.Issue(number, now);
}

void Driver::Done(uint32_t number, const Outcome& outcome, rpc::Time now) {
  if (ended_) return;
  const Slot& slot = slots_[number];
  CountEnd(slot, outcome, now);
  if (Measured(slot)) Measure(slot, outcome, now);
  Release(number, outcome, now);
  Fill(now);
}

void Driver::CountEnd(const Slot& slot, const Outcome& outcome, rpc::Time now) {
  --in_flight_;
  ++finished_;
  failed_ += outcome.ok ? 0 : 1;
  last_finished_ = now;
  if (recent_ && outcome.ok) recent_->Record((now - slot.intended).count());
  if (!InWindow(now)) return;
  ++in_window_.finished;
  in_window_.ok += outcome.ok ? 1 : 0;
  in_window_.bytes_received += outcome.bytes_received;
  timeline_.Add(now - options_.window.begin, outcome.ok, now - slot.intended);
}

void Driver::Measure(const Slot& slot, const Outcome& outcome, rpc::Time now) {
  tally_.Add(outcome, now - slot.intended);
  if (open_loop_ && outcome.ok) tally_.Record(Series::kService, now - slot.started);
  if (outcome.stream_wait.count() > 0) tally_.Record(Series::kStreamWait, outcome.stream_wait);
  if (outcome.acknowledged.count() >= 0) {
    tally_.Record(Series::kAcknowledged, outcome.acknowledged + (slot.started - slot.intended));
  }
}

void Driver::Message(uint32_t slot, rpc::Duration latency) {
  if (!ended_ && Measured(slots_[slot])) tally_.Record(Series::kMessage, latency);
}

void Driver::Step(uint32_t slot, size_t step, const Outcome& outcome, rpc::Duration latency) {
  if (!ended_ && Measured(slots_[slot])) tally_.AddStep(step, outcome, latency);
}

/// Frees the slot, at once or when it has rested.
void Driver::Release(uint32_t number, const Outcome& outcome, rpc::Time now) {
  const rpc::Duration rest =
      std::max(pacer_.Think(), outcome.unreachable ? kRest : rpc::Duration::zero());
  slots_[number].free_since = now + rest;
  if (rest <= rpc::Duration::zero()) {
    free_.push_back(number);
    return;
  }
  const bool first = resting_.empty() || now + rest < resting_.top().first;
  resting_.emplace(now + rest, number);
  if (first && !no_more_) rest_timer_.Start(now + rest, [this] { Rested(); });
}

void Driver::Rested() {
  const rpc::Time now = executor_.Now();
  while (!resting_.empty() && resting_.top().first <= now) {
    free_.push_back(resting_.top().second);
    resting_.pop();
  }
  if (!resting_.empty()) rest_timer_.Start(resting_.top().first, [this] { Rested(); });
  Fill(now);
}

/// An open loop still owes what was due and found no slot.
void Driver::EndWindow() {
  if (!open_loop_) StopStarting();
  CheckEnd();
  if (ended_ || options_.drain > rpc::Time::max() - end_) return;
  end_timer_.Start(end_ + options_.drain, [this] { CutOff(executor_.Now()); });
}

void Driver::CutOff(rpc::Time now) {
  if (ended_) return;
  end_ = std::min(end_, now);
  if (open_loop_) {
    const bool waits = next_ && next_->intended >= options_.window.begin && next_->intended < end_;
    never_begun_ = (waits ? 1 : 0) + pacer_.Skip(options_.window.begin, end_);
  }
  StopStarting();
  in_flight_ = 0;
  CheckEnd();
}

void Driver::StopStarting() {
  no_more_ = true;
  next_.reset();
}

rpc::Task<void> Driver::Ended() {
  while (!ended_) co_await end_wait_.Wait();
}

void Driver::CheckEnd() {
  if (ended_ || !no_more_ || in_flight_ > 0) return;
  ended_ = true;
  due_timer_.Cancel();
  end_timer_.Cancel();
  rest_timer_.Cancel();
  end_wait_.Wake();
}

}  // namespace slipway::client
