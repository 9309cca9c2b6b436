#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace slipway::rpc {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Duration = Clock::duration;
/// When a call must have ended.
using Deadline = Time;
inline constexpr Deadline kNoDeadline = Time::max();

class Timer;

/// The timers of one executor, ordered by time. Used on the executor's thread only.
class TimerQueue {
 public:
  /// When the first timer is due; Time::max() when there is none.
  Time earliest() const;
  /// Runs what is due at `now`, each callback once, in order of time. Callbacks may start and
  /// cancel timers; those started for a time that is due wait for the next call.
  void RunDue(Time now);

 private:
  friend class Timer;
  void Insert(Timer* timer);
  void Remove(Timer* timer);
  void SiftUp(size_t index);
  void SiftDown(size_t index);
  void Place(size_t index, Timer* timer);

  std::vector<Timer*> heap_;
};

/// The thread that a call starts and resumes on, as its code sees it: a completion queue's thread,
/// an io_context's, a worker's, or a manual one in tests.
///
/// Post may be called by any thread; everything else on the executor's own thread only. Whoever
/// makes an executor owns it and keeps it until the calls on it have ended.
class Executor {
 public:
  using Work = absl::AnyInvocable<void()>;

  virtual ~Executor() = default;
  /// Runs `work` later on the executor's thread. Work posted after the executor has stopped is
  /// destroyed without being run.
  virtual void Post(Work work) = 0;
  /// The time as this executor's timers see it.
  virtual Time Now() const = 0;

 protected:
  friend class Timer;
  /// The earliest timer is now due at `when`, sooner than before.
  virtual void EarliestChanged(Time when) = 0;
  TimerQueue timers_;
};

/// One timer of an executor. Used on the executor's thread only; destroying it cancels it.
class Timer {
 public:
  explicit Timer(Executor& executor) : executor_(executor) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { Cancel(); }

  /// Runs `callback` once at `when`, on the executor's thread, never from inside this call. A timer
  /// that is running already is started anew. Time::max() never comes.
  void Start(Time when, Executor::Work callback);
  /// After this the callback does not run.
  void Cancel();
  bool running() const { return index_ != kIdle; }

 private:
  friend class TimerQueue;
  static constexpr size_t kIdle = static_cast<size_t>(-1);

  Executor& executor_;
  Time when_;
  Executor::Work callback_;
  size_t index_ = kIdle;
};

}  // namespace slipway::rpc
