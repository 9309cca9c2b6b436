#include "client/run/worker.h"

#include <utility>

namespace slipway::client {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(20);

}  // namespace

Worker::Worker(const Plan& plan, int index, RequestBudget* budget, rpc::Executor& coordinator,
               Events events)
    : plan_(plan),
      share_(plan.ShareOf(index)),
      budget_(budget),
      coordinator_(coordinator),
      events_(std::move(events)),
      thread_([this] { Main(); }) {}

void Worker::Main() {
  rpc::Spawn(Run());
  executor_.RunUntil(done_);
  engine_.reset();
}

rpc::Task<void> Worker::Run() {
  engine_ = plan_.MakeEngine(executor_, share_);
  absl::Status status = co_await engine_->Connect(executor_.Now() + kConnectTimeout);
  coordinator_.Post([this, status = std::move(status)] { events_.connected(status); });
  co_await go_.Wait();
  if (window_) co_await Load();
  co_await engine_->Shutdown();
  done_ = true;
}

rpc::Task<void> Worker::Load() {
  pacer_.emplace(window_->begin, window_->end, budget_);
  driver_.emplace(executor_, *engine_, *pacer_, share_.slots, *window_);
  visible_driver_.store(&*driver_, std::memory_order_release);
  driver_->Start();
  co_await driver_->Ended();
  bytes_sent_ = engine_->bytes_sent();
  coordinator_.Post([this] { events_.ended(); });
  co_await release_.Wait();
}

void Worker::Go(std::optional<Window> window) {
  executor_.Post([this, window] {
    window_ = window;
    go_.Wake();
  });
}

void Worker::Abandon() {
  executor_.Post([this] {
    if (driver_) driver_->Abandon(executor_.Now());
  });
}

void Worker::Join() {
  if (!thread_.joinable()) return;
  executor_.Post([this] { release_.Wake(); });
  thread_.join();
}

int64_t Worker::finished() const {
  const Driver* driver = visible_driver_.load(std::memory_order_acquire);
  return driver == nullptr ? 0 : driver->finished();
}

int64_t Worker::failed() const {
  const Driver* driver = visible_driver_.load(std::memory_order_acquire);
  return driver == nullptr ? 0 : driver->failed();
}

}  // namespace slipway::client
