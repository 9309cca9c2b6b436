#include "client/run/trial.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <boost/asio/signal_set.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "base/status_macros.h"
#include "client/measure/machine.h"
#include "client/measure/run_queue.h"
#include "client/pace/load_pace.h"
#include "client/run/second_signal.h"
#include "client/run/worker.h"
#include "rpc/io_executor.h"

namespace slipway::client {
namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(250);
/// How often the server's memory and threads are looked at.
constexpr auto kServerInterval = std::chrono::seconds(1);
/// From the decision to begin to the beginning of a schedule: the threads have woken up by then.
constexpr auto kHeadStart = std::chrono::milliseconds(20);

std::optional<std::chrono::nanoseconds> CpuOf(pid_t pid) {
  const absl::StatusOr<absl::Duration> time = base::ProcessCpuTime(pid);
  if (!time.ok()) return std::nullopt;
  return absl::ToChronoNanoseconds(*time);
}

/// What has been used of the machine until one moment.
struct UsageSample {
  std::optional<std::chrono::nanoseconds> generator;
  std::optional<std::chrono::nanoseconds> server;
  std::chrono::nanoseconds waited{0};
  std::chrono::nanoseconds server_waited{0};
  MachineTimes machine;
};

UsageSample SampleUsage(std::optional<pid_t> server) {
  UsageSample sample;
  sample.generator = CpuOf(getpid());
  sample.waited = WaitedForCores();
  sample.machine = ReadMachineTimes();
  if (!server) return sample;
  sample.server = CpuOf(*server);
  sample.server_waited = WaitedForCores(*server);
  return sample;
}

/// Clocks that only grow, but lose what threads had that have ended meanwhile.
std::chrono::nanoseconds Growth(std::chrono::nanoseconds before, std::chrono::nanoseconds after) {
  return std::max(after - before, std::chrono::nanoseconds(0));
}

void RecordUsage(const UsageSample& before, const UsageSample& after, TrialResult* result) {
  if (before.generator && after.generator) {
    result->generator_cpu = Growth(*before.generator, *after.generator);
  }
  result->waited = Growth(before.waited, after.waited);
  result->machine_cpu = Growth(before.machine.busy, after.machine.busy);
  result->steal = Growth(before.machine.steal, after.machine.steal);
  result->machine_time = Growth(before.machine.total, after.machine.total);
  if (!before.server || !after.server) return;
  result->server_cpu = Growth(*before.server, *after.server);
  result->server_waited = Growth(before.server_waited, after.server_waited);
}

/// The thread that steers a trial: waits for all workers at each step, samples the clocks at both
/// ends of the measured time, hears signals.
class Coordinator {
 public:
  Coordinator(const Plan& plan, LoadPace& pace, std::function<void(const TrialProgress&)> progress)
      : plan_(plan),
        pace_(pace),
        progress_(std::move(progress)),
        signals_(executor_.context(), SIGINT, SIGTERM),
        begin_timer_(executor_),
        end_timer_(executor_),
        server_timer_(executor_),
        progress_timer_(executor_),
        looks_(plan.load.threads) {}

  absl::StatusOr<TrialResult> Run() {
    AwaitSignal();
    ShowProgress();
    StartWorkers();
    if (!workers_.empty()) executor_.RunUntil(done_);
    for (const auto& worker : workers_) worker->Join();
    if (!status_.ok()) return status_;
    return Result();
  }

 private:
  using Phase = TrialProgress::Phase;

  void StartWorkers() {
    for (int i = 0; i < plan_.load.threads; ++i) {
      auto worker = std::make_unique<Worker>(
          plan_, i, pace_, executor_, progress_ != nullptr,
          Worker::Events{[this](const absl::Status& status) { OnConnected(status); },
                         [this] { OnEnded(); }});
      status_ = worker->Start();
      if (!status_.ok()) return CancelConnect();
      workers_.push_back(std::move(worker));
    }
  }

  void CancelConnect() {
    for (const auto& worker : workers_) worker->CancelConnect();
  }

  void AwaitSignal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) OnSignal();
    });
  }

  void OnSignal() {
    if (interrupted_) EndAtOnce();
    interrupted_ = true;
    AwaitSignal();
    if (phase_ == Phase::kConnecting) {
      status_.Update(absl::CancelledError("interrupted"));
      return CancelConnect();
    }
    CloseWindow();
    for (const auto& worker : workers_) worker->CutOff();
  }

  void OnConnected(const absl::Status& status) {
    status_.Update(status);
    if (++connected_ < workers_.size()) return;
    if (!status_.ok()) {
      for (const auto& worker : workers_) worker->Go(std::nullopt);
      done_ = true;
      return;
    }
    BeginLoad();
  }

  void BeginLoad() {
    phase_ = Phase::kWarmUp;
    const rpc::Time now = executor_.Now();
    started_ = pace_.open_loop() ? now + kHeadStart : now;
    window_.begin = started_ + plan_.load.warmup;
    window_.end = pace_.duration() ? window_.begin + *pace_.duration() : rpc::Time::max();
    begin_timer_.Start(window_.begin, [this] { OpenWindow(); });
    end_timer_.Start(window_.end, [this] { CloseWindow(); });
    if (window_.begin <= now) OpenWindow();
    for (const auto& worker : workers_) worker->Go(window_);
  }

  void OpenWindow() {
    if (phase_ != Phase::kWarmUp) return;
    phase_ = Phase::kMeasuring;
    before_ = after_ = SampleUsage(plan_.server_pid);
    LookAtServer();
  }

  /// Samples once, at the end of the measured time or of the last request, whichever comes first.
  void CloseWindow() {
    if (phase_ == Phase::kDraining) return;
    if (phase_ == Phase::kMeasuring) {
      after_ = SampleUsage(plan_.server_pid);
      LookAtServer();
    }
    phase_ = Phase::kDraining;
    server_timer_.Cancel();
    window_.end = std::min(window_.end, executor_.Now());
    FinishWhenOver();
  }

  void LookAtServer() {
    if (!plan_.server_pid) return;
    if (const auto usage = base::ReadProcessUsage(*plan_.server_pid); usage.ok()) {
      server_resident_ = std::max(server_resident_, static_cast<int64_t>(usage->rss_bytes));
      server_threads_ = std::max(server_threads_, static_cast<int>(usage->threads));
    }
    server_timer_.Start(executor_.Now() + kServerInterval, [this] { LookAtServer(); });
  }

  void OnEnded() {
    if (++ended_ < workers_.size()) return;
    // The last request that is due may have ended long before the window: the pause is measured.
    if (NumberReached() || window_.end == rpc::Time::max()) EndByNumber();
    FinishWhenOver();
  }

  /// The number of requests has ended the load, before its time, if it has one.
  bool NumberReached() const {
    int64_t measured = 0;
    for (const auto& worker : workers_) measured += worker->driver()->tally().total();
    return plan_.load.requests > 0 && measured >= plan_.load.requests;
  }

  /// When the last answer has come, and an open loop has lasted as long as its rate says; not after
  /// the window.
  rpc::Time EndOfNumber() const {
    rpc::Time finished{};
    for (const auto& worker : workers_) {
      finished = std::max(finished, worker->driver()->last_finished());
    }
    if (pace_.open_loop()) finished = std::max(finished, EndOfDue());
    return std::min(finished, window_.end);
  }

  /// Open loop: when another request would have been due, after the last one of the number.
  rpc::Time EndOfDue() const {
    rpc::Time due{};
    for (const auto& worker : workers_) due = std::max(due, worker->driver()->last_due());
    return std::min(pace_.EndAfter(window_, due), window_.end);
  }

  void EndByNumber() {
    const rpc::Time end = EndOfNumber();
    if (end <= executor_.Now()) return CloseWindow();
    end_timer_.Start(end, [this] { CloseWindow(); });
  }

  void FinishWhenOver() {
    if (phase_ == Phase::kDraining && ended_ == workers_.size()) done_ = true;
  }

  void ShowProgress() {
    if (!progress_) return;
    TrialProgress now;
    now.phase = phase_;
    if (phase_ != Phase::kConnecting) {
      now.elapsed = std::max(executor_.Now() - started_, rpc::Duration::zero());
    }
    if (pace_.duration()) now.planned = plan_.load.warmup + *pace_.duration();
    now.wanted = plan_.load.requests;
    LookAtWorkers(&now);
    progress_(now);
    progress_timer_.Start(executor_.Now() + kProgressInterval, [this] { ShowProgress(); });
  }

  /// Threads publish at times of their own, so each has a rate of its own, too.
  void LookAtWorkers(TrialProgress* now) {
    Histogram recent(Timeline::kRange);
    for (size_t i = 0; i < workers_.size(); ++i) {
      const WorkerProgress look = workers_[i]->TakeProgress();
      const WorkerProgress last = std::exchange(looks_[i], look);
      now->finished += look.finished;
      now->failed += look.failed;
      now->in_flight += look.in_flight;
      recent.Merge(look.recent);
      if (last.at == rpc::Time{} || look.at <= last.at) continue;
      now->rate += static_cast<double>(look.finished - last.finished) /
                   std::chrono::duration<double>(look.at - last.at).count();
    }
    now->p50 = recent.ValueAt(50);
    now->p99 = recent.ValueAt(99);
  }

  TrialResult Result() const {
    TrialResult result;
    result.threads = plan_.load.threads;
    result.interrupted = interrupted_;
    result.started = std::max(window_.begin - MeasuringBegan(), rpc::Duration::zero());
    result.timeline = Timeline(workers_.front()->driver()->timeline().interval());
    result.server_resident = server_resident_;
    result.server_threads = server_threads_;
    for (const auto& worker : workers_) Merge(*worker, &result);
    // When the number has ended the load, the time after the last answer is not the server's.
    const rpc::Time end = NumberReached() ? EndOfNumber() : window_.end;
    result.elapsed = std::max(end - window_.begin, rpc::Duration::zero());
    if (pace_.open_loop()) {
      const rpc::Time due = NumberReached() ? EndOfDue() : end;
      result.offered_time = std::max(due - window_.begin, rpc::Duration::zero());
    }
    RecordUsage(before_, after_, &result);
    return result;
  }

  static void Merge(const Worker& worker, TrialResult* result) {
    const Driver& driver = *worker.driver();
    result->tally.Merge(driver.tally());
    result->timeline.Merge(driver.timeline());
    result->window.finished += driver.in_window().finished;
    result->window.ok += driver.in_window().ok;
    result->window.bytes_received += driver.in_window().bytes_received;
    result->warmup_requests += driver.warmup_requests();
    result->offered += driver.offered();
    result->cut_off += driver.cut_off();
    const WorkerUsage& usage = worker.usage();
    result->bytes_sent += usage.counts.bytes_sent;
    result->reconnects += usage.counts.reconnects;
    if (usage.elapsed.count() <= 0) return;
    const double share =
        static_cast<double>(usage.cpu.count()) / static_cast<double>(usage.elapsed.count());
    result->busiest_thread_share = std::max(result->busiest_thread_share, std::min(share, 1.0));
  }

  const Plan& plan_;
  LoadPace& pace_;
  const std::function<void(const TrialProgress&)> progress_;
  rpc::IoExecutor executor_;
  boost::asio::signal_set signals_;
  rpc::Timer begin_timer_;
  rpc::Timer end_timer_;
  rpc::Timer server_timer_;
  rpc::Timer progress_timer_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<WorkerProgress> looks_;  // the last one at each worker

  Phase phase_ = Phase::kConnecting;
  absl::Status status_;
  size_t connected_ = 0;
  size_t ended_ = 0;
  bool done_ = false;
  bool interrupted_ = false;
  rpc::Time started_{};
  Window window_{};
  UsageSample before_;
  UsageSample after_;
  int64_t server_resident_ = 0;
  int server_threads_ = 0;
};

}  // namespace

rpc::Time MeasuringBegan() {
  static const rpc::Time began = rpc::Clock::now();
  return began;
}

absl::StatusOr<TrialResult> RunTrial(const Plan& plan,
                                     std::function<void(const TrialProgress&)> progress) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::unique_ptr<LoadPace> pace,
                           LoadPace::Make(plan.load, plan.seed));
  return Coordinator(plan, *pace, std::move(progress)).Run();
}

}  // namespace slipway::client
