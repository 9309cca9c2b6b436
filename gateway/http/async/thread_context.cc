#include "gateway/http/async/thread_context.h"

#include <utility>

#include "gateway/http/async/async_exchange.h"

namespace slipway::gateway {

ThreadContext::ThreadContext(const EngineLimits& limits, Recorder& recorder)
    : limits(limits), recorder(recorder) {}

ThreadContext::~ThreadContext() = default;

std::unique_ptr<AsyncExchange> ThreadContext::TakeExchange() {
  if (free_exchanges_.empty()) return std::make_unique<AsyncExchange>(*this);
  std::unique_ptr<AsyncExchange> exchange = std::move(free_exchanges_.back());
  free_exchanges_.pop_back();
  return exchange;
}

void ThreadContext::GiveExchange(std::unique_ptr<AsyncExchange> exchange) {
  // More than are in use at one time would keep the memory of a burst for ever.
  constexpr size_t kMostFree = 64;
  if (free_exchanges_.size() < kMostFree) free_exchanges_.push_back(std::move(exchange));
}

}  // namespace slipway::gateway
