#include "gateway/http/async/async_engine.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <future>
#include <utility>

#include "base/limits.h"
#include "base/log.h"
#include "base/reason.h"
#include "gateway/http/async/refusal.h"

namespace slipway::gateway {

namespace {

/// Descriptors that are not for connections: listeners, event loops, logs, the store, the way to
/// the backend, and the one on which a connection too many is told so.
constexpr uint64_t kReservedDescriptors = 100;

/// More connections than descriptors cannot be refused, they would wait without an answer.
EngineOptions WithinDescriptors(EngineOptions options) {
  const auto limit = base::RaiseFileLimit();
  if (!limit.ok()) return options;
  const uint64_t soft = limit->soft;
  const uint64_t most = soft > 2 * kReservedDescriptors ? soft - kReservedDescriptors : soft / 2;
  if (options.limits.max_connections > most) {
    base::LogInfo("{} open files are allowed: at most {} connections instead of {}", soft, most,
                  options.limits.max_connections);
    options.limits.max_connections = most;
  }
  return options;
}

}  // namespace

AsyncEngine::AsyncEngine(EngineOptions options, HandlerFactory factory, Recorder& recorder)
    : options_(WithinDescriptors(std::move(options))),
      factory_(std::move(factory)),
      recorder_(recorder),
      permits_(static_cast<int64_t>(options_.limits.max_connections)) {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    workers_.push_back(std::make_unique<Worker>(options_.limits, recorder_));
  }
}

AsyncEngine::~AsyncEngine() { Drain(std::chrono::milliseconds(0)); }

absl::Status AsyncEngine::Start() {
  // All addresses first: nothing runs yet if one of them fails.
  for (const std::string& address : options_.listen) {
    listeners_.push_back(std::make_unique<Listener>(
        workers_[0]->executor(),
        [this](UniqueFd fd, std::string peer) { OnConnection(std::move(fd), std::move(peer)); }));
    if (absl::Status bound = listeners_.back()->Bind(address); !bound.ok()) {
      listeners_.clear();
      return bound;
    }
  }
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->Start(factory_, "http-" + std::to_string(i));
  }
  running_ = true;
  workers_[0]->executor().Post([this] {
    for (const auto& listener : listeners_) listener->Start();
  });
  return absl::OkStatus();
}

std::vector<int> AsyncEngine::ports() const {
  std::vector<int> ports;
  for (const auto& listener : listeners_) ports.push_back(listener->port());
  return ports;
}

void AsyncEngine::OnConnection(UniqueFd fd, std::string peer) {
  std::optional<base::Permit> permit = permits_.TryAcquire();
  if (!permit) {
    RefuseConnection(fd, peer);
    return;
  }
  Worker& worker = *workers_[next_worker_++ % workers_.size()];
  worker.Adopt(std::move(fd), std::move(peer), std::move(*permit));
}

void AsyncEngine::RefuseConnection(const UniqueFd& fd, const std::string& peer) {
  const Refusal refusal{503, base::Reason::kTooManyConnections,
                        "the server has as many connections as it allows, " +
                            std::to_string(options_.limits.max_connections)};
  const std::string answer = RefusalAnswer(refusal);
  // Best effort: the socket is new, so it has room for this, and nothing is kept for the
  // connection.
  ::send(fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(fd.get(), SHUT_WR);
  // A socket closed with unread input is reset, which could overtake the answer.
  char dropped[4096];
  ::recv(fd.get(), dropped, sizeof dropped, MSG_DONTWAIT);
  recorder_.Record(
      {.peer = peer, .status = refusal.status, .reason = base::ReasonName(refusal.reason)});
}

void AsyncEngine::StopListening() {
  std::promise<void> closed;
  workers_[0]->executor().Post([this, &closed] {
    for (const auto& listener : listeners_) listener->Close();
    closed.set_value();
  });
  closed.get_future().wait();
}

void AsyncEngine::Drain(std::chrono::milliseconds grace) {
  if (!std::exchange(running_, false)) return;
  const rpc::Time until = rpc::Clock::now() + grace;
  StopListening();
  for (const auto& worker : workers_) worker->Drain();
  for (const auto& worker : workers_) {
    if (!worker->WaitUntilDrained(until)) worker->Cut();
  }
  for (const auto& worker : workers_) worker->Join();
}

std::unique_ptr<HttpEngine> MakeAsyncEngine(EngineOptions options, HandlerFactory factory,
                                            Recorder& recorder) {
  return std::make_unique<AsyncEngine>(std::move(options), std::move(factory), recorder);
}

}  // namespace slipway::gateway
