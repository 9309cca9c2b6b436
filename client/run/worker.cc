#include "client/run/worker.h"

#include <sys/prctl.h>

#include <chrono>
#include <utility>

#include "base/status_macros.h"

namespace slipway::client {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(20);
constexpr auto kProgressInterval = std::chrono::milliseconds(100);

/// Slices of the timeline: a second, or less where that would be a handful of them.
rpc::Duration SliceOf(const Window& window) {
  constexpr auto kLong = std::chrono::seconds(10);
  if (window.end == rpc::Time::max() || window.end - window.begin >= kLong) {
    return std::chrono::seconds(1);
  }
  return std::chrono::milliseconds(100);
}

/// Lets the kernel wake this thread when it asked for it and not up to 50 µs later, which is its
/// habit to save energy.
void WakeOnTime() { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

}  // namespace

Worker::Worker(const Plan& plan, int index, LoadPace& pace, rpc::Executor& coordinator,
               bool watched, Events events)
    : plan_(plan),
      index_(index),
      share_(plan.ShareOf(index)),
      pace_(pace),
      coordinator_(coordinator),
      watched_(watched),
      events_(std::move(events)),
      thread_([this] { Main(); }) {}

void Worker::Main() {
  WakeOnTime();
  loop_ = MakeLoop(plan_.engines);
  rpc::Spawn(Run());
  loop_->RunUntil(done_);
  // Requests that were cut off stay the issuer's until the engines have forgotten them.
  issuer_.reset();
  engines_.clear();
}

rpc::Task<void> Worker::Run() {
  rpc::Task<absl::Status> prepare = Prepare();
  absl::Status status = co_await std::move(prepare);
  coordinator_.Post([this, status = std::move(status)] { events_.connected(status); });
  co_await go_.Wait();
  if (window_) {
    rpc::Task<void> load = Load(*window_);
    co_await std::move(load);
  }
  if (issuer_ != nullptr) issuer_->Stop();
  for (const auto& engine : engines_) {
    rpc::Task<void> shutdown = engine->Shutdown();
    co_await std::move(shutdown);
  }
  done_ = true;
}

rpc::Task<absl::Status> Worker::Prepare() {
  IssuerContext context{.executor = loop_->executor(),
                        .engines = {},
                        .slots = share_.slots,
                        .thread = index_,
                        .threads = plan_.load.threads,
                        .seed = plan_.seed};
  const rpc::Deadline deadline = loop_->executor().Now() + kConnectTimeout;
  for (const EngineSpec& spec : plan_.engines) {
    engines_.push_back(MakeEngine(*loop_, spec, share_));
    context.engines.push_back(engines_.back().get());
    rpc::Task<absl::Status> connect = engines_.back()->Connect(deadline);
    SLIPWAY_CO_RETURN_IF_ERROR(co_await std::move(connect));
  }
  absl::StatusOr<std::unique_ptr<Issuer>> issuer = plan_.workload->MakeIssuer(context);
  if (!issuer.ok()) co_return issuer.status();
  issuer_ = *std::move(issuer);
  co_return absl::OkStatus();
}

rpc::Task<void> Worker::Load(Window window) {
  rpc::Executor& executor = loop_->executor();
  pacer_ = pace_.MakePacer(window, index_);
  driver_.emplace(executor, *issuer_, *pacer_, DriverOptions(window));
  if (watched_) {
    driver_->WatchRecent();
    progress_timer_.emplace(executor);
    PublishRegularly();
  }
  driver_->Start();
  rpc::Task<void> ended = driver_->Ended();
  co_await std::move(ended);
  CountEngines();
  if (watched_) {
    progress_timer_->Cancel();
    PublishProgress();
  }
  coordinator_.Post([this] { events_.ended(); });
  co_await release_.Wait();
}

Driver::Options Worker::DriverOptions(const Window& window) const {
  return {
      .slots = share_.slots, .window = window, .drain = plan_.load.drain, .slice = SliceOf(window)};
}

void Worker::CountEngines() {
  for (const auto& engine : engines_) {
    const EngineCounts counts = engine->counts();
    counts_.bytes_sent += counts.bytes_sent;
    counts_.reconnects += counts.reconnects;
  }
}

void Worker::PublishProgress() {
  const Histogram recent = driver_->TakeRecent();
  const std::lock_guard lock(mutex_);
  progress_.at = loop_->executor().Now();
  progress_.finished = driver_->finished();
  progress_.failed = driver_->failed();
  progress_.in_flight = driver_->in_flight();
  progress_.recent.Merge(recent);
}

void Worker::PublishRegularly() {
  PublishProgress();
  progress_timer_->Start(loop_->executor().Now() + kProgressInterval,
                         [this] { PublishRegularly(); });
}

WorkerProgress Worker::TakeProgress() {
  const std::lock_guard lock(mutex_);
  WorkerProgress taken = progress_;
  progress_.recent = Histogram(Timeline::kRange);
  return taken;
}

void Worker::Go(std::optional<Window> window) {
  loop_->executor().Post([this, window] {
    window_ = window;
    go_.Wake();
  });
}

void Worker::CutOff() {
  loop_->executor().Post([this] {
    if (driver_) driver_->CutOff(loop_->executor().Now());
  });
}

void Worker::Join() {
  if (!thread_.joinable()) return;
  loop_->executor().Post([this] { release_.Wake(); });
  thread_.join();
}

}  // namespace slipway::client
