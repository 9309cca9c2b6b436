#include "outbound/rate_limit.h"

#include <cmath>

namespace slipway::outbound {

rpc::Time FixedWindow::ClosesAt() const {
  const rpc::Time latest = opened_ + options_.margin;
  const rpc::Time begun = answered_ ? std::min(*answered_, latest) : latest;
  return begun + options_.window;
}

void FixedWindow::Open(rpc::Time now) {
  used_ = Late(now);
  opened_ = used_ > 0 ? first_late_ : now;
  late_ = 0;
  answered_.reset();
  open_ = true;
  ++id_;
}

int FixedWindow::Available(rpc::Time now) {
  if (now < refused_until_) return 0;
  if (!IsOpen(now)) return std::max(0, options_.limit - Late(now));
  if (now >= QuietFrom()) return 0;
  return std::max(0, options_.limit - used_);
}

Permit FixedWindow::Take(rpc::Time now) {
  if (!IsOpen(now)) Open(now);
  ++used_;
  const bool late = now >= QuietFrom();
  if (late && late_++ == 0) first_late_ = now;
  return {id_, late};
}

bool FixedWindow::Valid(Permit permit, rpc::Time now) const {
  return permit.window == id_ && open_ && now >= refused_until_ && now < QuietFrom();
}

void FixedWindow::Return(Permit permit, rpc::Time) {
  if (permit.window != id_) return;
  if (used_ > 0) --used_;
  if (permit.late && late_ > 0) --late_;
}

void FixedWindow::Answered(Permit permit, rpc::Time now) {
  if (permit.window == id_ && !answered_) answered_ = now;
}

void FixedWindow::Served(Permit permit, rpc::Time now) {
  Answered(permit, now);
  // Others may have been on their way when one was refused: they say nothing about it.
  if (permit.window > refused_in_) refused_until_ = std::min(refused_until_, now);
}

rpc::Time FixedWindow::RefusedUntilWithoutWord(rpc::Time now) const {
  if (now < refused_until_) return refused_until_;  // nothing new
  return IsOpen(now) ? ClosesAt() : now + options_.window;
}

void FixedWindow::Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after) {
  Answered(permit, now);
  const rpc::Time until = retry_after ? now + *retry_after : RefusedUntilWithoutWord(now);
  refused_until_ = std::max(refused_until_, until);
  refused_in_ = id_;
  if (permit.window != id_) return;  // of an older window: what this one has used stays used
  // The upstream is not where we thought; `until` is all that is known of it.
  open_ = false;
  late_ = 0;
}

rpc::Time FixedWindow::LookAgainAt(rpc::Time now) const {
  if (now < refused_until_) return refused_until_;
  if (!IsOpen(now)) return first_late_ + options_.window;
  // The first answer may yet show an earlier end than the one known now.
  const rpc::Time earliest = opened_ + options_.window;
  return !answered_ && now < earliest ? earliest : ClosesAt();
}

void TokenBucket::Fill(rpc::Time now) {
  if (!filled_) filled_ = now;
  if (now <= *filled_) return;
  const double intervals =
      std::chrono::duration<double>(now - *filled_) / std::chrono::duration<double>(Interval());
  tokens_ = std::min<double>(options_.burst, tokens_ + intervals);
  filled_ = now;
}

int TokenBucket::Available(rpc::Time now) {
  Fill(now);
  if (now < refused_until_) return 0;
  // LookAgainAt rounds to the clock's ticks: what is short of a token by a rounding error is one.
  return std::max(0, static_cast<int>(std::floor(tokens_ + 1e-6)));
}

Permit TokenBucket::Take(rpc::Time now) {
  Fill(now);
  // Debts are limited: a burst that did not wait must not close the bucket for hours.
  tokens_ = std::max(tokens_ - 1, -static_cast<double>(options_.burst));
  return {refusals_};
}

void TokenBucket::Return(Permit, rpc::Time now) {
  Fill(now);
  tokens_ = std::min<double>(options_.burst, tokens_ + 1);
}

void TokenBucket::Served(Permit permit, rpc::Time now) {
  if (permit.window == refusals_) refused_until_ = std::min(refused_until_, now);
}

void TokenBucket::Refused(Permit, rpc::Time now, std::optional<rpc::Duration> retry_after) {
  Fill(now);
  ++refusals_;
  tokens_ = std::min(tokens_, 0.0);
  if (retry_after) {  // one token is there when it is over
    const auto intervals =
        std::chrono::duration<double>(*retry_after) / std::chrono::duration<double>(Interval());
    tokens_ = std::max(tokens_, 1 - intervals);
  }
  refused_until_ = std::max(refused_until_, now + retry_after.value_or(Interval()));
}

rpc::Time TokenBucket::LookAgainAt(rpc::Time now) const {
  rpc::Time full = now;
  if (filled_ && tokens_ < 1) {
    const auto missing = std::chrono::duration<double>(Interval()) * (1 - tokens_);
    full = *filled_ + std::chrono::round<rpc::Duration>(missing);
  }
  return std::max({full, refused_until_, now + rpc::Duration(1)});
}

}  // namespace slipway::outbound
