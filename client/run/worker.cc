#include "client/run/worker.h"

#include <sys/prctl.h>

#include <chrono>
#include <ctime>
#include <exception>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
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
      events_(std::move(events)) {}

absl::Status Worker::Start() {
  try {
    thread_ = std::thread([this] { Main(); });
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot start %d threads, only %d: %s; choose fewer with --threads",
                        plan_.load.threads, index_, error.what()));
  }
  return absl::OkStatus();
}

void Worker::Main() {
  WakeOnTime();
  if (const absl::Status status = MakeOwnLoop(); !status.ok()) {
    coordinator_.Post([this, status] { events_.connected(status); });
    return;
  }
  rpc::Spawn(Run());
  loop_->RunUntil(done_);
  // Requests that were cut off stay the issuer's until the engines have forgotten them.
  issuer_.reset();
  engines_.clear();
}

absl::Status Worker::MakeOwnLoop() {
  std::unique_ptr<Loop> loop;
  try {
    loop = MakeLoop(plan_.engines);
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("thread %d of %d cannot wait for events: %s", index_ + 1,
                        plan_.load.threads, error.what()));
  }
  SLIPWAY_RETURN_IF_ERROR(loop->status());
  const std::lock_guard lock(mutex_);
  loop_ = std::move(loop);
  return absl::OkStatus();
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
                        .seed = plan_.seed};
  const rpc::Deadline deadline = loop_->executor().Now() + kConnectTimeout;
  for (const EngineSpec& spec : plan_.engines) {
    if (cancelled()) co_return absl::CancelledError("interrupted");
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
  BeginUsage(window);
  driver_->Start();
  rpc::Task<void> ended = driver_->Ended();
  co_await std::move(ended);
  // A number has ended it; otherwise the pause until the window's end belongs to what is measured.
  if (window.end == rpc::Time::max()) EndUsage();
  if (watched_) {
    progress_timer_->Cancel();
    PublishProgress();
  }
  coordinator_.Post([this] { events_.ended(); });
  co_await release_.Wait();
  EndUsage();
}

Driver::Options Worker::DriverOptions(const Window& window) const {
  return {
      .slots = share_.slots, .window = window, .drain = plan_.load.drain, .slice = SliceOf(window)};
}

Worker::Sample Worker::TakeSample() const {
  Sample sample;
  sample.at = loop_->executor().Now();
  timespec cpu{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  sample.cpu = std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec);
  for (const auto& engine : engines_) {
    const EngineCounts counts = engine->counts();
    sample.counts.bytes_sent += counts.bytes_sent;
    sample.counts.reconnects += counts.reconnects;
  }
  return sample;
}

void Worker::BeginUsage(const Window& window) {
  const auto begin = [this, end = window.end] {
    before_ = TakeSample();
    window_timer_->Start(end, [this] { EndUsage(); });
  };
  window_timer_.emplace(loop_->executor());
  if (window.begin <= loop_->executor().Now()) return begin();
  window_timer_->Start(window.begin, begin);
}

/// The first call ends it.
void Worker::EndUsage() {
  window_timer_->Cancel();
  if (!before_) return;
  const Sample before = *std::exchange(before_, std::nullopt);
  const Sample after = TakeSample();
  usage_.cpu = after.cpu - before.cpu;
  usage_.elapsed = after.at - before.at;
  usage_.counts.bytes_sent = after.counts.bytes_sent - before.counts.bytes_sent;
  usage_.counts.reconnects = after.counts.reconnects - before.counts.reconnects;
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

bool Worker::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Worker::CancelConnect() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (loop_ == nullptr) return;
  loop_->executor().Post([this] {
    for (const auto& engine : engines_) engine->CancelConnect();
  });
}

void Worker::Go(std::optional<Window> window) {
  if (loop_ == nullptr) return;
  loop_->executor().Post([this, window] {
    window_ = window;
    go_.Wake();
  });
}

void Worker::CutOff() {
  loop_->executor().Post([this] {
    if (!driver_) return;
    EndUsage();
    driver_->CutOff(loop_->executor().Now());
  });
}

void Worker::Join() {
  if (!thread_.joinable()) return;
  if (loop_ != nullptr) loop_->executor().Post([this] { release_.Wake(); });
  thread_.join();
}

}  // namespace slipway::client
