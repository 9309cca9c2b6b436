#pragma once

#include <future>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "base/permit.h"
#include "gateway/http/async/connection.h"
#include "gateway/http/async/thread_context.h"
#include "gateway/http/async/unique_fd.h"
#include "gateway/http/engine.h"
#include "gateway/http/recorder.h"

namespace slipway::gateway {

/// One thread of the engine: its executor, its handler and its connections. Owned by the engine,
/// whose thread calls everything but Adopt.
class Worker {
 public:
  Worker(const EngineLimits& limits, Recorder& recorder);
  /// The thread must have been joined.
  ~Worker();

  /// Starts the thread and answers when its handler is made.
  void Start(const HandlerFactory& factory, std::string name);
  /// Serves an accepted connection. Any thread, between Start and Drain.
  void Adopt(UniqueFd fd, std::string peer, base::Permit permit);

  /// Lets the connections finish; the thread ends with the last.
  void Drain();
  /// True when the thread has no connection left, or will have none by `until`.
  bool WaitUntilDrained(rpc::Time until) { return drained_.wait_until(until) == kReady; }
  /// After Drain: closes the connections that are left; their handlers hear that the peer is gone.
  void Cut();
  void Join() { thread_.join(); }

  rpc::IoExecutor& executor() { return context_.executor; }

 private:
  static constexpr std::future_status kReady = std::future_status::ready;

  void Run(const HandlerFactory& factory, std::promise<void>& started);
  void AdoptHere(UniqueFd fd, std::string peer, base::Permit permit);
  void Bury(Connection& connection);
  void EndIfDrained();

  ThreadContext context_;
  std::unique_ptr<ExchangeHandler> handler_;  // made and destroyed on the thread
  std::list<Connection> connections_;
  bool ended_ = false;
  std::promise<void> drained_promise_;
  std::future<void> drained_;
  std::thread thread_;
};

}  // namespace slipway::gateway
