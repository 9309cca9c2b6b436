#include "client/run/driver.h"

#include <algorithm>
#include <chrono>

namespace slipway::client {
namespace {

/// How long a slot rests when there is no connection: long enough to leave the CPU to the server
/// that is coming back, short against its way back.
constexpr auto kRest = std::chrono::milliseconds(20);

}  // namespace

Driver::Driver(rpc::Executor& executor, Engine& engine, Pacer& pacer, uint32_t slots, Window window)
    : executor_(executor),
      engine_(engine),
      pacer_(pacer),
      window_(window),
      intended_(slots),
      due_timer_(executor),
      park_timer_(executor) {
  free_.reserve(slots);
  for (uint32_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
  engine_.Listen(this);
}

void Driver::Start() { Fill(executor_.Now()); }

void Driver::Stop(rpc::Time now) {
  window_.end = std::min(window_.end, now);
  no_more_ = true;
  next_.reset();
  due_timer_.Cancel();
  CheckEnd();
}

void Driver::Abandon(rpc::Time now) {
  if (ended_) return;
  abandoned_ = std::exchange(in_flight_, 0);
  Stop(now);
}

rpc::Task<void> Driver::Ended() {
  while (!ended_) co_await end_.Wait();
}

void Driver::Done(uint32_t slot, const Outcome& outcome, rpc::Time now) {
  if (ended_) return;
  --in_flight_;
  last_finished_ = now;
  if (now >= window_.begin && now <= window_.end) {
    ++in_window_.finished;
    in_window_.ok += outcome.ok ? 1 : 0;
    in_window_.bytes_received += outcome.bytes_received;
  }
  if (intended_[slot] >= window_.begin) tally_.Add(outcome, now - intended_[slot]);
  CountProgress(outcome.ok);
  if (outcome.unreachable) {
    Park(slot, now + kRest);
  } else {
    free_.push_back(slot);
  }
  Fill(now);
}

/// Starts what is due, while there are slots. An engine that reports from inside Issue comes back
/// here through Done; the outer turn goes on then.
void Driver::Fill(rpc::Time now) {
  if (filling_) return;
  filling_ = true;
  while (!no_more_ && !free_.empty()) {
    if (!next_) next_ = pacer_.Next(now);
    if (!next_) {
      no_more_ = true;
    } else if (*next_ > now) {
      due_timer_.Start(*next_, [this] { Fill(executor_.Now()); });
      break;
    } else {
      const uint32_t slot = free_.back();
      free_.pop_back();
      intended_[slot] = *next_;
      next_.reset();
      ++in_flight_;
      engine_.Issue(slot, now);
    }
  }
  filling_ = false;
  CheckEnd();
}

void Driver::CountProgress(bool ok) {
  finished_.store(finished_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (ok) return;
  failed_.store(failed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Driver::Park(uint32_t slot, rpc::Time until) {
  parked_.emplace_back(slot, until);
  if (!park_timer_.running()) park_timer_.Start(until, [this] { Unpark(); });
}

void Driver::Unpark() {
  const rpc::Time now = executor_.Now();
  while (!parked_.empty() && parked_.front().second <= now) {
    free_.push_back(parked_.front().first);
    parked_.pop_front();
  }
  if (!parked_.empty()) park_timer_.Start(parked_.front().second, [this] { Unpark(); });
  Fill(now);
}

void Driver::CheckEnd() {
  if (ended_ || !no_more_ || in_flight_ > 0) return;
  ended_ = true;
  park_timer_.Cancel();
  end_.Wake();
}

}  // namespace slipway::client
