#include "outbound/engine.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/reason.h"

namespace slipway::outbound {
namespace {

absl::Status ShuttingDown() {
  return base::MakeError(absl::StatusCode::kUnavailable, base::Reason::kShuttingDown,
                         "the HTTP client is shutting down");
}

absl::Status QueueFull(const Url& url, size_t limit) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, base::Reason::kQueueFull,
      absl::StrCat(url.shown(), ": ", limit, " requests wait for a connection already"));
}

absl::Status TimedOut(const Exchange& exchange, bool started) {
  return base::MakeError(absl::StatusCode::kDeadlineExceeded, base::Reason::kBackendTimeout,
                         absl::StrCat(exchange.url.shown(), ": no complete answer within ",
                                      absl::FormatDuration(exchange.request.timeout),
                                      started ? "" : ", all of it spent waiting for a connection"));
}

CurlMulti::Limits ConnectionLimits(const ClientOptions& options) {
  return {static_cast<long>(options.max_connections),            // NOLINT
          static_cast<long>(options.max_connections_per_host)};  // NOLINT
}

}  // namespace

Engine::Engine(rpc::IoExecutor& executor, ClientOptions options)
    : executor_(executor),
      options_(std::move(options)),
      admission_(
          {options_.max_connections, options_.max_connections_per_host, options_.max_waiting}),
      multi_(executor, ConnectionLimits(options_),
             [this](CURL* easy, CURLcode code) { OnDone(easy, code); }),
      idle_timer_(executor) {}

void Engine::Begin(std::shared_ptr<Exchange> exchange) {
  if (closed_) return exchange->answer->Resolve(ShuttingDown());
  auto transfer = std::make_unique<Transfer>(
      executor_, exchange, options_, [this](Transfer& connected) { OnConnected(connected); });
  if (!admission_.Enter(*transfer, exchange->url.HostPort())) {
    return exchange->answer->Resolve(QueueFull(exchange->url, options_.max_waiting));
  }
  idle_timer_.Cancel();
  transfer->timer().Start(exchange->deadline, [this, raw = transfer.get()] { OnDeadline(*raw); });
  transfers_.emplace(exchange.get(), std::move(transfer));
  StartWaiting();
}

void Engine::StartWaiting() {
  if (closed_) return;  // posted before the end: those who waited are gone
  while (Admission::Ticket* ticket = admission_.Next()) {
    multi_.Add(static_cast<Transfer*>(ticket)->easy());
  }
  Publish();
}

void Engine::OnConnected(Transfer& transfer) {
  admission_.Connected(transfer);
  // Later, because this is inside libcurl.
  if (admission_.waiting() > 0) executor_.Post([this] { StartWaiting(); });
}

void Engine::OnDone(CURL* easy, CURLcode code) {
  Transfer& transfer = Transfer::Of(easy);
  Exchange::Result result = transfer.Result(code);
  End(transfer, std::move(result));
}

void Engine::OnDeadline(Transfer& transfer) {
  absl::Status timed_out = TimedOut(transfer.exchange(), transfer.started());
  End(transfer, std::move(timed_out));
}

void Engine::Abandon(const std::shared_ptr<Exchange>& exchange) {
  const auto found = transfers_.find(exchange.get());
  if (found != transfers_.end()) Forget(*found->second);
}

void Engine::End(Transfer& transfer, Exchange::Result result) {
  // Answered last: whoever has the answer finds the counts without the request.
  const std::shared_ptr<Exchange::Answer> answer = transfer.exchange().answer;
  Forget(transfer);
  answer->Resolve(std::move(result));
}

void Engine::Forget(Transfer& transfer) {
  if (transfer.started()) multi_.Remove(transfer.easy());
  admission_.Leave(transfer);
  transfers_.erase(&transfer.exchange());
  StartWaiting();
  if (!transfers_.empty() || closed_) return;
  idle_timer_.Start(executor_.Now() + absl::ToChronoNanoseconds(options_.idle_timeout),
                    [this] { multi_.CloseConnections(); });
}

void Engine::Shutdown() {
  closed_ = true;
  // Whoever waits must not begin only to be stopped.
  for (auto& [exchange, transfer] : transfers_) {
    transfer->exchange().answer->Resolve(ShuttingDown());
    if (transfer->started()) multi_.Remove(transfer->easy());
  }
  transfers_.clear();
  idle_timer_.Cancel();
  under_way_.store(0, std::memory_order_relaxed);
  waiting_.store(0, std::memory_order_relaxed);
}

void Engine::Publish() {
  under_way_.store(admission_.under_way(), std::memory_order_relaxed);
  waiting_.store(admission_.waiting(), std::memory_order_relaxed);
}

}  // namespace slipway::outbound
