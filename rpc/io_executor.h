#pragma once

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "rpc/executor.h"

namespace slipway::rpc {

/// The executor of a thread that runs an io_context: sockets and calls share the thread. One thread
/// runs it; Post and Stop may be called by any.
class IoExecutor : public Executor {
 public:
  IoExecutor() : context_(1), alarm_(context_) {}

  void Post(Work work) override;
  Time Now() const override { return Clock::now(); }
  boost::asio::io_context& context() { return context_; }

  /// Runs on this thread until Stop, with or without work.
  void Run();
  /// Runs on this thread until `done` is true.
  void RunUntil(const bool& done);
  void Stop() { context_.stop(); }

 protected:
  void EarliestChanged(Time when) override;

 private:
  void OnAlarm();

  boost::asio::io_context context_;
  boost::asio::steady_timer alarm_;  // due when the first timer is
};

}  // namespace slipway::rpc
