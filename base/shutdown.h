#pragma once

#include <atomic>

namespace slipway::base {

/// SIGTERM and SIGINT as something main can wait for. Make one first thing in main: it blocks both
/// signals in the calling thread, which all threads started later inherit, and ignores SIGPIPE (a
/// peer that is gone is an error of write, not the end of the process).
///
///     ShutdownSignal shutdown;
///     …start the rooms…
///     shutdown.Wait();
///     …drain; a second signal ends the process at once with exit code 1…
///
/// One per process, used by main; RequestShutdown may be called from any thread.
class ShutdownSignal {
 public:
  ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  /// Waits for a signal or RequestShutdown and answers the signal's number. From then on a thread
  /// watches for a second signal.
  int Wait();

  /// As if SIGTERM had come; nothing if a shutdown is on its way already. For tests and for a room
  /// that cannot go on.
  void RequestShutdown();

  /// True once Wait has ended or RequestShutdown was called.
  bool requested() const { return requested_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> requested_{false};
};

}  // namespace slipway::base
