#include "jobs/work/worker.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <utility>

#include "base/log.h"

namespace slipway::jobs {
namespace {

// How long the store may take, when the worker stops, to note what was given back.
constexpr rpc::Duration kLastWrites = std::chrono::seconds(5);

std::function<double()> RandomOf(const WorkerOptions& options) {
  if (options.random) return options.random;
  return [engine = std::mt19937_64(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>()(engine);
  };
}

size_t LimitOf(const WorkerOptions& options, const std::string& kind) {
  const auto found = options.concurrency.find(kind);
  const int limit =
      found == options.concurrency.end() ? options.default_concurrency : found->second;
  return static_cast<size_t>(std::max(limit, 1));
}

}  // namespace

Worker::Worker(Store& store, Options options)
    : store_(store),
      options_(std::move(options)),
      clock_(*options_.clock, executor_),
      work_{store_, executor_, options_, clock_, RandomOf(options_)} {}

Worker::~Worker() { Stop(absl::ZeroDuration()); }

void Worker::AddHandler(std::string kind, JobHandler handler) {
  handlers_[std::move(kind)] = std::move(handler);
}

void Worker::Start() {
  for (const auto& [kind, handler] : handlers_) {
    lanes_[kind] = std::make_unique<Lane>(work_, kind, handler, LimitOf(options_, kind), [this] {
      if (Idle()) idle_.Wake();
    });
  }
  purger_ = std::make_unique<Purger>(work_);
  events_ = store_.OnEvent([this](const JobEvent& event) { OnEvent(event); });
  runnable_ = store_.OnRunnable([this] { PostWake(); });
  executor_.Post([this] { Begin(); });
  thread_ = std::thread([this] { executor_.Run(); });
}

void Worker::Stop(absl::Duration grace) {
  if (!thread_.joinable()) return;
  executor_.Post([this, grace] { rpc::Spawn(Drain(ToSteady(grace))); });
  thread_.join();
  runnable_.reset();
  events_.reset();
  lanes_.clear();  // with the handlers that did not heed their cancellation
  purger_.reset();
}

void Worker::PostWake() {
  // One wake-up on its way is enough for any number of submissions.
  if (!wake_posted_.exchange(true)) executor_.Post([this] { Wake(); });
}

void Worker::OnEvent(const JobEvent& event) {
  const JobRow& row = event.after;
  if (event.type == JobEvent::Type::kEnded) {
    const bool cancelled = row.state == JobState::kCancelled && event.before == JobState::kRunning;
    if (!cancelled || lanes_.count(row.kind) == 0) return;
    executor_.Post([this, kind = row.kind, id = row.id] { lanes_.at(kind)->OnCancelled(id); });
  } else if (event.type == JobEvent::Type::kRetried ||
             (event.type == JobEvent::Type::kAccepted && row.not_before)) {
    // Nothing to lease yet, but there is a new time to ask at.
    PostWake();
  }
}

void Worker::Wake() {
  wake_posted_ = false;
  for (const auto& [kind, lane] : lanes_) lane->News();
}

void Worker::Begin() {
  Wake();
  Beat();
  purger_->Start();
}

void Worker::Beat() {
  const rpc::Time now = executor_.Now();
  for (const auto& [kind, lane] : lanes_) lane->Beat(now);
  heartbeat_.Start(now + ToSteady(options_.lease) / 3, [this] { Beat(); });
}

bool Worker::Idle() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& entry) { return entry.second->idle(); });
}

rpc::Task<void> Worker::WaitIdle(rpc::Duration duration) {
  bool late = duration <= rpc::Duration::zero();
  rpc::Timer timer(executor_);
  if (!late) {
    timer.Start(executor_.Now() + duration, [this, &late] {
      late = true;
      idle_.Wake();
    });
  }
  while (!Idle() && !late) co_await idle_.Wait();
}

rpc::Task<void> Worker::Drain(rpc::Duration grace) {
  purger_->Stop();
  for (const auto& [kind, lane] : lanes_) lane->Close();
  auto end = WaitIdle(grace);
  co_await std::move(end);
  for (const auto& [kind, lane] : lanes_) lane->GiveBack();
  auto give_back = WaitIdle(ToSteady(options_.patience) + kLastWrites);
  co_await std::move(give_back);
  if (!Idle()) base::LogWarn("the store did not note in time which jobs were given back");
  executor_.Stop();
}

}  // namespace slipway::jobs
