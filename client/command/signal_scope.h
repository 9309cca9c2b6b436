#pragma once

#include <atomic>
#include <thread>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace slipway::client {

/// Takes SIGINT and SIGTERM as a wish to end, from its construction to its destruction: the first
/// one is remembered, the second one ends the process at once with 130. What is being done looks at
/// interrupted() between its steps. Trials hear of the same signals by a signal_set of their own,
/// which this one keeps from giving the signals back to the system in between.
///
/// Owned by a command, made and destroyed on main's thread, with no other one alive. Meanwhile that
/// thread, and those it starts, do not take these signals, so no system call of theirs is cut
/// short; a thread of its own does.
class SignalScope {
 public:
  SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;
  ~SignalScope();

  /// Any thread.
  bool interrupted() const { return interrupted_; }

 private:
  void Await();

  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_{context_};
  std::atomic<bool> interrupted_{false};
  std::thread watcher_;
};

}  // namespace slipway::client
