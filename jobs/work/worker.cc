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
    lanes_[kind].lane =
        std::make_unique<Lane>(work_, kind, handler, LimitOf(options_, kind), [this] {
          if (Idle()) idle_.Wake();
        });
  }
  purger_ = std::make_unique<Purger>(work_);
  events_ = store_.OnEvent([this](absl::Span<const JobEvent> events) { OnEvents(events); });
  runnable_ = store_.OnRunnable([this](const std::string& kind) { OnRunnable(kind); });
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

void Worker::OnRunnable(const std::string& kind) {
  const auto found = lanes_.find(kind);
  if (found == lanes_.end()) return;
  Track& track = found->second;
  // One piece of news on its way is enough for any number of submissions.
  if (track.news_posted.exchange(true)) return;
  executor_.Post([&track] {
    track.news_posted = false;
    track.lane->News();
  });
}

void Worker::OnEvents(absl::Span<const JobEvent> events) {
  for (const JobEvent& event : events) {
    const JobRow& row = event.after;
    const bool cancelled = row.state == JobState::kCancelled &&
                           event.type == JobEvent::Type::kEnded &&
                           event.before == JobState::kRunning;
    if (!cancelled) continue;
    const auto found = lanes_.find(row.kind);
    if (found == lanes_.end()) continue;
    executor_.Post([lane = found->second.lane.get(), id = row.id] { lane->OnCancelled(id); });
  }
}

void Worker::Begin() {
  for (const auto& [kind, track] : lanes_) track.lane->News();
  Beat();
  purger_->Start();
}

void Worker::Beat() {
  const rpc::Time now = executor_.Now();
  for (const auto& [kind, track] : lanes_) track.lane->Beat(now);
  heartbeat_.Start(now + ToSteady(options_.lease) / 3, [this] { Beat(); });
}

bool Worker::Idle() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& entry) { return entry.second.lane->idle(); });
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
  for (const auto& [kind, track] : lanes_) track.lane->Close();
  auto end = WaitIdle(grace);
  co_await std::move(end);
  for (const auto& [kind, track] : lanes_) track.lane->GiveBack();
  auto give_back = WaitIdle(ToSteady(options_.patience) + kLastWrites);
  co_await std::move(give_back);
  if (!Idle()) base::LogWarn("the store did not note in time which jobs were given back");
  executor_.Stop();
}

}  // namespace slipway::jobs
