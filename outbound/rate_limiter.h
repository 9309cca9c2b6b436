#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "outbound/rate_limit.h"
#include "rpc/executor.h"

namespace slipway::outbound {

/// Shares one upstream's limit among all who call it, on whatever executor. Who wants permits
/// stands in a Line of his own; permits go to the lines in turns, one at a time, so that a request
/// that wants a thousand does not keep one that wants three waiting for its end.
///
/// It has no thread: each line that waits keeps a timer on its own executor, and whichever wakes
/// first hands out what there is to all. Time is that of the executors, which share one clock.
///
/// Owned by who knows the upstream; outlives its lines. Any thread; one lock, held while permits
/// are handed out. Every wait is logged and counted, with the reason that held it up last:
/// `slipway_limiter_waits_total{reason}`, `slipway_limiter_wait_seconds`,
/// `slipway_limiter_waiting`.
class RateLimiter {
 public:
  class Line;

  /// `name` is the upstream's, for log lines; `metrics` outlives this.
  RateLimiter(std::string name, std::unique_ptr<RateLimit> limit, base::Metrics& metrics);

  /// A permit for a request that is sent without asking. It counts.
  Permit TakeAnyway(rpc::Time now);
  /// Of a permit whose request was not sent, or never reached the upstream.
  void Return(Permit permit, rpc::Time now);
  /// Its request was answered, with anything but what was asked for or 429.
  void Answered(Permit permit, rpc::Time now);
  /// Its request was answered with what was asked for: a refusal before it was sent is over.
  void Served(Permit permit, rpc::Time now);
  /// Its request was refused with 429: nobody gets a permit until the time that the upstream said.
  void Refused(Permit permit, rpc::Time now, std::optional<rpc::Duration> retry_after);
  /// Until when; a time that is over, or Time::min(), when the upstream does not refuse.
  rpc::Time RefusedUntil();
  /// Logs and counts a wait that a request kept by itself, not in a line; `why` is for the log.
  void Waited(std::string_view label, rpc::Duration duration, WaitReason reason,
              std::string_view why);

 private:
  struct Place;

  /// Hands out what there is, in turns, and wakes who got some, `self` excepted. Under mutex_.
  void HandOut(rpc::Time now, const Place* self);
  void Enqueue(const std::shared_ptr<Place>& place);
  /// Has the line's `changed` run, once however often it is asked for. Under mutex_.
  void Wake(const std::shared_ptr<Place>& place);
  /// After a change of RefusedUntil, which was `before`: whoever waits looks again. Under mutex_.
  void WakeAllUnless(rpc::Time before);
  void Count(rpc::Duration duration, WaitReason reason);
  void EndWait(Place& place, rpc::Time now);

  const std::string name_;
  base::Gauge& waiting_;
  base::Counter& window_waits_;
  base::Counter& refused_waits_;
  base::Counter& failed_waits_;
  base::Histogram& wait_seconds_;

  std::mutex mutex_;
  const std::unique_ptr<RateLimit> limit_;      // guarded by mutex_
  std::list<std::shared_ptr<Place>> in_turns_;  // guarded by mutex_; each wants at least one
};

/// One request's place among those who want permits. Made, used and destroyed on one executor's
/// thread; destroying it gives back what was not taken.
class RateLimiter::Line {
 public:
  /// `label` names the request in log lines. `changed` runs on `executor` after permits have come
  /// that were not there when Want returned, and while it waits also when RefusedUntil has changed;
  /// it calls Want again, or destroys the line.
  Line(RateLimiter& limiter, rpc::Executor& executor, std::string label,
       std::function<void()> changed);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// How many permits are wanted beside those taken; replaces what was wanted before. Those that
  /// are there already can be taken at once.
  void Want(int count);
  /// One of the permits that have come, if any. Those too old to be used are dropped, and wanted
  /// anew.
  std::optional<Permit> Take();

 private:
  /// Logs a wait that has ended; starts the timer of one that goes on.
  void AfterChange();
  void OnTimer();

  RateLimiter& limiter_;
  rpc::Timer timer_;
  const std::shared_ptr<Place> place_;
};

}  // namespace slipway::outbound
