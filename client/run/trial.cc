#include "client/run/trial.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/signal_set.hpp>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/limits.h"
#include "client/measure/run_queue.h"
#include "client/run/worker.h"
#include "rpc/io_executor.h"

namespace slipway::client {
namespace {

constexpr auto kProgressInterval = std::chrono::milliseconds(200);

std::optional<std::chrono::nanoseconds> CpuOf(pid_t pid) {
  const absl::StatusOr<absl::Duration> time = base::ProcessCpuTime(pid);
  if (!time.ok()) return std::nullopt;
  return absl::ToChronoNanoseconds(*time);
}

/// What has been used of the machine until one moment.
struct CpuSample {
  std::optional<std::chrono::nanoseconds> generator;
  std::optional<std::chrono::nanoseconds> server;
  std::chrono::nanoseconds waited{0};
};

/// The thread that steers a trial: waits for all workers at each step, samples the CPU clocks at
/// both ends of the measured time, hears signals.
class Coordinator {
 public:
  Coordinator(const Plan& plan, std::function<void(const TrialProgress&)> progress)
      : plan_(plan),
        progress_(std::move(progress)),
        signals_(executor_.context(), SIGINT, SIGTERM),
        begin_timer_(executor_),
        end_timer_(executor_),
        progress_timer_(executor_) {
    if (plan.requests > 0) budget_ = std::make_unique<RequestBudget>(plan.requests, plan.threads);
  }

  absl::StatusOr<TrialResult> Run() {
    AwaitSignal();
    ShowProgress();
    for (int i = 0; i < plan_.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(
          plan_, i, budget_.get(), executor_,
          Worker::Events{[this](const absl::Status& status) { OnConnected(status); },
                         [this] { OnEnded(); }}));
    }
    executor_.RunUntil(done_);
    for (const auto& worker : workers_) worker->Join();
    if (!status_.ok()) return status_;
    return Result();
  }

 private:
  using Phase = TrialProgress::Phase;

  void AwaitSignal() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) OnSignal();
    });
  }

  void OnSignal() {
    if (interrupted_) std::_Exit(130);
    interrupted_ = true;
    AwaitSignal();
    if (phase_ == Phase::kConnecting) return;  // noticed as soon as that has ended
    CloseWindow();
    for (const auto& worker : workers_) worker->Abandon();
  }

  void OnConnected(const absl::Status& status) {
    status_.Update(status);
    if (++connected_ < workers_.size()) return;
    if (status_.ok() && interrupted_) status_ = absl::CancelledError("interrupted");
    if (!status_.ok()) {
      for (const auto& worker : workers_) worker->Go(std::nullopt);
      done_ = true;
      return;
    }
    BeginLoad();
  }

  void BeginLoad() {
    phase_ = Phase::kWarmUp;
    started_ = executor_.Now();
    window_.begin = started_ + plan_.warmup;
    window_.end = plan_.duration.count() > 0 ? window_.begin + plan_.duration : rpc::Time::max();
    begin_timer_.Start(window_.begin, [this] { OpenWindow(); });
    end_timer_.Start(window_.end, [this] { CloseWindow(); });
    if (plan_.warmup.count() == 0) OpenWindow();
    for (const auto& worker : workers_) worker->Go(window_);
  }

  void OpenWindow() {
    if (phase_ != Phase::kWarmUp) return;
    phase_ = Phase::kMeasuring;
    before_ = Sample();
  }

  /// Samples once, at the end of the measured time or of the last request, whichever comes first.
  void CloseWindow() {
    if (phase_ == Phase::kMeasuring) after_ = Sample();
    if (phase_ == Phase::kFinishing) return;
    phase_ = Phase::kFinishing;
    window_.end = std::min(window_.end, executor_.Now());
  }

  void OnEnded() {
    if (++ended_ < workers_.size()) return;
    CloseWindow();
    done_ = true;
  }

  CpuSample Sample() const {
    CpuSample sample;
    sample.generator = CpuOf(getpid());
    if (plan_.server_pid) sample.server = CpuOf(*plan_.server_pid);
    sample.waited = WaitedForCores();
    return sample;
  }

  void ShowProgress() {
    if (!progress_) return;
    TrialProgress now;
    now.phase = phase_;
    if (phase_ != Phase::kConnecting) now.elapsed = executor_.Now() - started_;
    now.planned = plan_.duration.count() > 0 ? plan_.warmup + plan_.duration : now.planned;
    now.wanted = plan_.requests;
    for (const auto& worker : workers_) {
      now.finished += worker->finished();
      now.failed += worker->failed();
    }
    progress_(now);
    progress_timer_.Start(executor_.Now() + kProgressInterval, [this] { ShowProgress(); });
  }

  TrialResult Result() const {
    TrialResult result;
    result.threads = plan_.threads;
    result.interrupted = interrupted_;
    rpc::Time last{};
    for (const auto& worker : workers_) {
      const Driver& driver = *worker->driver();
      result.tally.Merge(driver.tally());
      result.window.finished += driver.in_window().finished;
      result.window.ok += driver.in_window().ok;
      result.window.bytes_received += driver.in_window().bytes_received;
      result.abandoned += driver.abandoned();
      result.bytes_sent += worker->bytes_sent();
      last = std::max(last, driver.last_finished());
    }
    // When the number has ended the load, the time after the last answer is not the server's.
    const rpc::Time end =
        plan_.requests > 0 && !interrupted_ ? std::min(window_.end, last) : window_.end;
    result.elapsed = std::max(end - window_.begin, rpc::Duration::zero());
    if (before_.generator && after_.generator) {
      result.generator_cpu = *after_.generator - *before_.generator;
    }
    result.waited = after_.waited - before_.waited;
    if (before_.server && after_.server) result.server_cpu = *after_.server - *before_.server;
    return result;
  }

  const Plan& plan_;
  const std::function<void(const TrialProgress&)> progress_;
  rpc::IoExecutor executor_;
  boost::asio::signal_set signals_;
  rpc::Timer begin_timer_;
  rpc::Timer end_timer_;
  rpc::Timer progress_timer_;
  std::unique_ptr<RequestBudget> budget_;
  std::vector<std::unique_ptr<Worker>> workers_;

  Phase phase_ = Phase::kConnecting;
  absl::Status status_;
  size_t connected_ = 0;
  size_t ended_ = 0;
  bool done_ = false;
  bool interrupted_ = false;
  rpc::Time started_{};
  Window window_{};
  CpuSample before_;
  CpuSample after_;
};

double MicrosecondsEach(std::chrono::nanoseconds time, int64_t count) {
  return count == 0 ? 0 : static_cast<double>(time.count()) / 1e3 / static_cast<double>(count);
}

}  // namespace

double TrialResult::throughput() const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return seconds <= 0 ? 0 : static_cast<double>(window.ok) / seconds;
}

double TrialResult::generator_cpu_us() const {
  return MicrosecondsEach(generator_cpu, window.finished);
}

std::optional<double> TrialResult::server_cpu_us() const {
  if (!server_cpu || window.finished == 0) return std::nullopt;
  return MicrosecondsEach(*server_cpu, window.finished);
}

double TrialResult::generator_share() const { return ShareOf(generator_cpu); }

double TrialResult::waited_share() const { return ShareOf(waited); }

double TrialResult::ShareOf(std::chrono::nanoseconds time) const {
  if (elapsed.count() <= 0) return 0;
  return static_cast<double>(time.count()) / (static_cast<double>(elapsed.count()) * threads);
}

absl::StatusOr<TrialResult> RunTrial(const Plan& plan,
                                     std::function<void(const TrialProgress&)> progress) {
  return Coordinator(plan, std::move(progress)).Run();
}

}  // namespace slipway::client
