#include "gateway/http/async/worker.h"

#include <pthread.h>

#include <optional>
#include <utility>

namespace slipway::gateway {

Worker::Worker(const EngineLimits& limits, Recorder& recorder)
    : context_(limits, recorder), drained_(drained_promise_.get_future()) {
  context_.bury = [this](Connection& connection) { Bury(connection); };
}

Worker::~Worker() = default;

void Worker::Start(const HandlerFactory& factory, std::string name) {
  std::promise<void> started;
  thread_ = std::thread([this, &factory, &started] { Run(factory, started); });
  pthread_setname_np(thread_.native_handle(), name.c_str());
  started.get_future().wait();
}

void Worker::Run(const HandlerFactory& factory, std::promise<void>& started) {
  handler_ = factory(context_.executor);
  context_.handler = handler_.get();
  started.set_value();
  context_.executor.Run();
}

void Worker::Adopt(UniqueFd fd, std::string peer, base::Permit permit) {
  if (context_.executor.context().get_executor().running_in_this_thread()) {
    AdoptHere(std::move(fd), std::move(peer), std::move(permit));
    return;
  }
  context_.executor.Post([this, fd = std::move(fd), peer = std::move(peer),
                          permit = std::optional<base::Permit>(std::move(permit))]() mutable {
    AdoptHere(std::move(fd), std::move(peer), std::move(*permit));
  });
}

void Worker::AdoptHere(UniqueFd fd, std::string peer, base::Permit permit) {
  Connection& connection =
      connections_.emplace_back(context_, std::move(fd), std::move(peer), std::move(permit));
  connection.self_ = std::prev(connections_.end());
  context_.recorder.ConnectionOpened();
  connection.Start();
}

void Worker::Bury(Connection& connection) {
  // Not now: it is one of its own functions that calls.
  context_.executor.Post([this, &connection] {
    connections_.erase(connection.self_);
    context_.recorder.ConnectionClosed();
    EndIfDrained();
  });
}

void Worker::Drain() {
  context_.executor.Post([this] {
    context_.draining = true;
    for (Connection& connection : connections_) connection.BeginDrain();
    EndIfDrained();
  });
}

void Worker::Cut() {
  context_.executor.Post([this] {
    for (Connection& connection : connections_) connection.Cut();
  });
}

void Worker::EndIfDrained() {
  if (!context_.draining || !connections_.empty() || std::exchange(ended_, true)) return;
  context_.handler = nullptr;
  handler_.reset();
  drained_promise_.set_value();
  // After what the handler's end has posted.
  context_.executor.Post([this] { context_.executor.Stop(); });
}

}  // namespace slipway::gateway
