#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "client/measure/histogram.h"
#include "client/measure/tally.h"
#include "client/measure/timeline.h"
#include "client/pace/pacer.h"
#include "client/run/issuer.h"
#include "client/run/trial_result.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// Keeps one thread's load going: takes a free slot when the pacer says that a request is due, has
/// it issued, and measures from its intended start.
///
/// What belongs to the window is decided by when a request was due, never by when it ended:
///  - due before the window: warm-up. It is counted in warmup_requests() and nowhere in the tally,
///    even when it ends within the window. So few, slow requests that all begin in the warm-up
///    leave nothing to measure, however long the window is.
///  - due within the window: it ends up in the tally or in cut_off(), never in both. Those that end
///    after the window are waited for as long as the drain lasts.
/// Of a closed loop, warmup_requests() + tally().total() + cut_off() are all requests that were
/// issued. Of an open loop, offered() = tally().total() + cut_off(), and the latter has also those
/// that were due and never found a free slot.
/// What ended within the window, whenever it was due, is in in_window() and in timeline().
///
/// Lives on the thread of its executor.
class Driver : public Issuer::Listener {
 public:
  struct Options {
    uint32_t slots = 1;
    Window window;
    /// How long after the window's end what is in flight is waited for; max(): until it ends.
    rpc::Duration drain = rpc::Duration::max();
    /// Of the timeline.
    rpc::Duration slice = std::chrono::seconds(1);
  };

  /// Issuer and pacer outlive the driver.
  Driver(rpc::Executor& executor, Issuer& issuer, Pacer& pacer, const Options& options);

  void Start();
  /// Ends the window at `now` unless it has ended, and the load. What is in flight is not waited
  /// for.
  void CutOff(rpc::Time now);
  /// Waits until nothing will be started and nothing is in flight.
  rpc::Task<void> Ended();
  bool ended() const { return ended_; }

  /// Complete when Ended has returned.
  const Tally& tally() const { return tally_; }
  const WindowCounts& in_window() const { return in_window_; }
  const Timeline& timeline() const { return timeline_; }
  int64_t warmup_requests() const { return warmup_; }
  /// Open loop only.
  int64_t offered() const { return pacer_.open_loop() ? begun_ + never_begun_ : 0; }
  int64_t cut_off() const { return ended_ ? begun_ - tally_.total() + never_begun_ : 0; }
  /// Of an open loop: when the last request was due that was begun; the epoch when there is none.
  rpc::Time last_due() const { return last_due_; }
  /// When the last request ended; the epoch when none has.
  rpc::Time last_finished() const { return last_finished_; }

  /// Requests so far, warm-up included.
  int64_t finished() const { return finished_; }
  int64_t failed() const { return failed_; }
  int64_t in_flight() const { return in_flight_; }
  /// From now on, latencies of successes are kept for TakeRecent too.
  void WatchRecent() { recent_.emplace(Timeline::kRange); }
  /// Since the last time; only after WatchRecent.
  Histogram TakeRecent() { return *std::exchange(recent_, Histogram(Timeline::kRange)); }

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;
  void Message(uint32_t slot, rpc::Duration latency) override;
  void Step(uint32_t slot, size_t step, const Outcome& outcome, rpc::Duration latency) override;

 private:
  struct Slot {
    rpc::Time intended;
    rpc::Time started;
    rpc::Time free_since;
  };
  /// When a slot has rested, and which.
  using Resting = std::pair<rpc::Time, uint32_t>;

  bool InWindow(rpc::Time time) const { return time >= options_.window.begin && time < end_; }
  bool Measured(const Slot& slot) const { return slot.intended >= options_.window.begin; }
  void Fill(rpc::Time now);
  void Begin(const Due& due, rpc::Time now);
  void CountEnd(const Slot& slot, const Outcome& outcome, rpc::Time now);
  void Measure(const Slot& slot, const Outcome& outcome, rpc::Time now);
  void Release(uint32_t slot, const Outcome& outcome, rpc::Time now);
  void Rested();
  void EndWindow();
  void StopStarting();
  void CheckEnd();

  rpc::Executor& executor_;
  Issuer& issuer_;
  Pacer& pacer_;
  const Options options_;
  const bool open_loop_;
  rpc::Time end_;  // of the window
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::optional<Due> next_;  // waits for its time; slots are free
  bool filling_ = false;
  bool no_more_ = false;
  bool ended_ = false;
  rpc::WaitSlot end_wait_;
  rpc::Timer due_timer_;
  rpc::Timer end_timer_;

  // Slots of users who think, and of requests that found no connection.
  std::priority_queue<Resting, std::vector<Resting>, std::greater<Resting>> resting_;
  rpc::Timer rest_timer_;

  int64_t in_flight_ = 0;
  int64_t warmup_ = 0;
  int64_t begun_ = 0;  // of the window
  int64_t never_begun_ = 0;
  int64_t finished_ = 0;
  int64_t failed_ = 0;
  rpc::Time last_due_{};
  rpc::Time last_finished_{};
  Tally tally_;
  WindowCounts in_window_;
  Timeline timeline_;
  std::optional<Histogram> recent_;
};

}  // namespace slipway::client
