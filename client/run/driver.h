#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "client/engine/engine.h"
#include "client/measure/tally.h"
#include "client/pace/pacer.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// From when to when a run is measured.
struct Window {
  rpc::Time begin;
  /// Time::max() while it is not known.
  rpc::Time end;
};

/// What ended within the window, whenever it had started: what throughput and CPU per request are
/// computed from.
struct WindowCounts {
  int64_t finished = 0;
  int64_t ok = 0;
  uint64_t bytes_received = 0;
};

/// Keeps one thread's load going: takes a free slot when the pacer says that a request is due,
/// issues it, and measures from its intended start. Requests that are due before the window begins
/// are warm-up; those due within it are all tallied, also when they end after it.
///
/// Lives on the engine's thread; only finished() and failed() may be read by others.
class Driver : public Engine::Listener {
 public:
  /// Engine and pacer outlive the driver.
  Driver(rpc::Executor& executor, Engine& engine, Pacer& pacer, uint32_t slots, Window window);

  void Start();
  /// Nothing more is started, and the window ends at `now` unless it has ended.
  void Stop(rpc::Time now);
  /// Stop, and what is in flight is not waited for.
  void Abandon(rpc::Time now);
  /// Waits until nothing will be started and nothing is in flight.
  rpc::Task<void> Ended();
  bool ended() const { return ended_; }

  /// Complete when Ended has returned.
  const Tally& tally() const { return tally_; }
  const WindowCounts& in_window() const { return in_window_; }
  /// When the last request ended; the epoch when none has.
  rpc::Time last_finished() const { return last_finished_; }
  /// Requests that Abandon left behind.
  int64_t abandoned() const { return abandoned_; }

  /// Requests so far, warm-up included. Any thread.
  int64_t finished() const { return finished_.load(std::memory_order_relaxed); }
  int64_t failed() const { return failed_.load(std::memory_order_relaxed); }

  void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) override;

 private:
  void Fill(rpc::Time now);
  void CountProgress(bool ok);
  void Park(uint32_t slot, rpc::Time until);
  void Unpark();
  void CheckEnd();

  rpc::Executor& executor_;
  Engine& engine_;
  Pacer& pacer_;
  Window window_;
  std::vector<rpc::Time> intended_;  // by slot
  std::vector<uint32_t> free_;
  std::optional<rpc::Time> next_;  // the request that waits for its time or for a slot
  int64_t in_flight_ = 0;
  bool filling_ = false;
  bool no_more_ = false;
  bool ended_ = false;
  int64_t abandoned_ = 0;
  rpc::WaitSlot end_;
  rpc::Timer due_timer_;

  // Slots whose last request found no connection, in the order of their return.
  std::deque<std::pair<uint32_t, rpc::Time>> parked_;
  rpc::Timer park_timer_;

  Tally tally_;
  WindowCounts in_window_;
  rpc::Time last_finished_{};
  // Written by this thread only; a cache line of their own, since another reads them now and then.
  alignas(64) std::atomic<int64_t> finished_{0};
  std::atomic<int64_t> failed_{0};
};

}  // namespace slipway::client
