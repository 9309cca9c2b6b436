#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "rpc/executor.h"

namespace slipway::outbound {

/// The right to send one request to an upstream.
struct Permit {
  /// The limit's window that it belongs to; meaningful to the RateLimit that gave it only.
  std::uint64_t window = 0;
  /// Taken without waiting, so late that it may count in the upstream's next window.
  bool late = false;
};

/// Why there is no permit just now.
enum class WaitReason {
  kWindow,   ///< what the limit allows is used up
  kRefused,  ///< the upstream refused a request and said, or we assume, until when
  kFailed,   ///< a request failed, and its caller waits before the next attempt
};

/// What an upstream allows, as its client must reckon: a state machine without a clock, a thread or
/// a queue. Every call says what time it is; threads may overtake each other by a little between
/// their look at the clock and the call. One thread at a time.
///
/// A permit is taken, then either given back unused, or its request is sent and its end reported:
/// Served for what was asked for, Refused for a 429, Answered for any other answer. A request that
/// ends without an answer is not reported.
class RateLimit {
 public:
  virtual ~RateLimit() = default;

  /// How many permits may be taken now.
  virtual int Available(rpc::Time now) = 0;
  /// Takes a permit. One more than Available is for requests that do not wait: it counts too.
  virtual Permit Take(rpc::Time now) = 0;
  /// Whether a request with this permit may still be sent now.
  virtual bool Valid(Permit permit, rpc::Time now) const = 0;
  virtual void Return(Permit permit, rpc::Time now) = 0;
  virtual void Answered(Permit permit, rpc::Time now) = 0;
  /// Answered, and more: a request that was sent after a refusal shows that it is over.
  virtual void Served(Permit permit, rpc::Time now) = 0;
  /// `retry_after` from now, as far as the upstream said: until then nothing is available, and then
  /// something is.
  virtual void Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after) = 0;
  /// While nothing is available: when to look again. Later than `now`; may be too early, never too
  /// late.
  virtual rpc::Time LookAgainAt(rpc::Time now) const = 0;
  /// Until when nothing is available because the upstream refused; a time that is over, or
  /// Time::min(), when it does not refuse.
  virtual rpc::Time RefusedUntil() const = 0;
  /// While nothing is available: why.
  WaitReason Reason(rpc::Time now) const {
    return now < RefusedUntil() ? WaitReason::kRefused : WaitReason::kWindow;
  }
};

/// So many requests in a window that opens, at the upstream, with the first request it sees, lasts
/// `window` and is followed by the next one in the same way.
///
/// The client does not see when the upstream's window opened, only bounds: not before the first
/// permit was taken, and not after the first answer came. So our window lasts from the first permit
/// until `window` after the first answer (or after `margin`, if that is sooner: a very slow
/// upstream must not halve the rate). In the last part, from `guard` before the earliest possible
/// end, no permit is given: such a request might open the upstream's next window, and the full
/// burst that follows would then be refused in part.
///
/// A refusal ends its window: when the upstream may be asked again is all that is known of it then.
class FixedWindow : public RateLimit {
 public:
  struct Options {
    /// At least 1.
    int limit = 100;
    rpc::Duration window = std::chrono::minutes(1);
    /// Longest time from a permit until its request has reached the upstream.
    rpc::Duration margin;
    /// What a request on the way may be late by, so that it still counts in its own window.
    rpc::Duration guard;

    Options(int limit, rpc::Duration window)
        : limit(limit),
          window(window),
          margin(std::max<rpc::Duration>(std::chrono::milliseconds(100), window / 20)),
          guard(std::min<rpc::Duration>(std::chrono::milliseconds(50), window / 100)) {}
  };

  explicit FixedWindow(Options options) : options_(options) {}

  int Available(rpc::Time now) override;
  Permit Take(rpc::Time now) override;
  bool Valid(Permit permit, rpc::Time now) const override;
  void Return(Permit permit, rpc::Time now) override;
  void Answered(Permit permit, rpc::Time now) override;
  void Served(Permit permit, rpc::Time now) override;
  void Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after) override;
  rpc::Time LookAgainAt(rpc::Time now) const override;
  rpc::Time RefusedUntil() const override { return refused_until_; }

 private:
  bool IsOpen(rpc::Time now) const { return open_ && now < ClosesAt(); }
  /// From here on a request might belong to the upstream's next window.
  rpc::Time QuietFrom() const { return opened_ + options_.window - options_.guard; }
  /// The latest possible end of the upstream's window, as far as known.
  rpc::Time ClosesAt() const;
  /// How many late ones may be in a window that opens now.
  int Late(rpc::Time now) const { return now < first_late_ + options_.window ? late_ : 0; }
  void Open(rpc::Time now);
  rpc::Time RefusedUntilWithoutWord(rpc::Time now) const;

  const Options options_;
  bool open_ = false;
  std::uint64_t id_ = 0;
  int used_ = 0;
  rpc::Time opened_{};
  std::optional<rpc::Time> answered_;
  rpc::Time refused_until_ = rpc::Time::min();
  std::uint64_t refused_in_ = 0;  // the window that the last refusal ended
  /// Requests that were sent without waiting in the quiet part: they may be in the next window.
  int late_ = 0;
  rpc::Time first_late_{};
};

/// A bucket of `burst` tokens that fills by `limit` a `window`, evenly: for an upstream that counts
/// the same way.
class TokenBucket : public RateLimit {
 public:
  struct Options {
    /// At least 1.
    int limit = 100;
    rpc::Duration window = std::chrono::minutes(1);
    /// At least 1: how many at once after a pause.
    int burst = 100;
  };

  explicit TokenBucket(Options options) : options_(options), tokens_(options.burst) {}

  int Available(rpc::Time now) override;
  Permit Take(rpc::Time now) override;
  bool Valid(Permit, rpc::Time now) const override { return now >= refused_until_; }
  void Return(Permit permit, rpc::Time now) override;
  void Answered(Permit, rpc::Time) override {}
  void Served(Permit permit, rpc::Time now) override;
  void Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after) override;
  rpc::Time LookAgainAt(rpc::Time now) const override;
  rpc::Time RefusedUntil() const override { return refused_until_; }

 private:
  void Fill(rpc::Time now);
  /// How long one token takes.
  rpc::Duration Interval() const { return options_.window / options_.limit; }

  const Options options_;
  double tokens_;
  std::optional<rpc::Time> filled_;  // nothing was taken yet: it is full
  rpc::Time refused_until_ = rpc::Time::min();
  std::uint64_t refusals_ = 0;  // a permit's window: how many there had been when it was taken
};

}  // namespace slipway::outbound
