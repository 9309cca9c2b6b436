#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/engine/engine.h"
#include "client/engine/engine_spec.h"
#include "client/engine/loop.h"
#include "client/measure/histogram.h"
#include "client/pace/load_pace.h"
#include "client/pace/pacer.h"
#include "client/run/driver.h"
#include "client/run/issuer.h"
#include "client/run/plan.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// How far one thread is. Counts are since its load began.
struct WorkerProgress {
  rpc::Time at{};  // the epoch: nothing is known yet
  int64_t finished = 0;
  int64_t failed = 0;
  int64_t in_flight = 0;
  /// Latencies of the successes since the progress was last taken.
  Histogram recent{Timeline::kRange};
};

/// What one thread has used and done within the measured time.
struct WorkerUsage {
  /// Of the thread that runs the loop.
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds elapsed{0};
  EngineCounts counts;
};

/// One thread of a run with all that is its own: loop, engines, issuer, pacer, driver, histograms.
/// Threads share nothing but what LoadPace shares. Owned by the trial, which steers it from its
/// thread; results may be read after Join.
class Worker {
 public:
  /// What the trial hears, on the coordinator's thread.
  struct Events {
    /// Connections are established, or why the thread cannot load.
    std::function<void(absl::Status)> connected;
    std::function<void()> ended;
  };

  /// `plan`, `pace` and `coordinator` outlive this. `watched`: somebody looks at its progress.
  Worker(const Plan& plan, int index, LoadPace& pace, rpc::Executor& coordinator, bool watched,
         Events events);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { Join(); }

  /// Once: starts the thread, which connects. RESOURCE_EXHAUSTED when the system has none left;
  /// nothing is reported then.
  absl::Status Start();
  /// After Start: what is being connected is given up, and `connected` told so, unless it is there.
  void CancelConnect();
  /// Once, after `connected`: lets the load begin, or nothing be loaded at all.
  void Go(std::optional<Window> window);
  /// Ends the load now and leaves what is in flight.
  void CutOff();
  /// Lets the thread end and waits for it; after Go and, if there was a load, after `ended`. Until
  /// then the thread stays, so that the system's account of its time stays too.
  void Join();

  /// As it was a tenth of a second ago at most. Any thread.
  WorkerProgress TakeProgress();

  /// Meaningful after Join.
  const Driver* driver() const { return driver_ ? &*driver_ : nullptr; }
  const WorkerUsage& usage() const { return usage_; }

 private:
  /// All that grows, until one moment.
  struct Sample {
    rpc::Time at{};
    std::chrono::nanoseconds cpu{0};
    EngineCounts counts;
  };

  void Main();
  absl::Status MakeOwnLoop();
  bool cancelled();
  rpc::Task<void> Run();
  rpc::Task<absl::Status> Prepare();
  rpc::Task<void> Load(Window window);
  Driver::Options DriverOptions(const Window& window) const;
  Sample TakeSample() const;
  void BeginUsage(const Window& window);
  void EndUsage();
  void PublishProgress();
  void PublishRegularly();

  const Plan& plan_;
  const int index_;
  const Share share_;
  LoadPace& pace_;
  rpc::Executor& coordinator_;
  const bool watched_;
  const Events events_;

  // Made by the thread; nullptr when that failed. The loop takes posts until Join has returned; the
  // others end on the thread.
  std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<Pacer> pacer_;
  std::optional<Driver> driver_;
  std::optional<rpc::Timer> progress_timer_;
  std::optional<rpc::Timer> window_timer_;  // at its beginning, then at its end

  std::optional<Window> window_;
  rpc::WaitSlot go_;
  rpc::WaitSlot release_;
  std::optional<Sample> before_;
  WorkerUsage usage_;
  bool done_ = false;

  std::mutex mutex_;
  WorkerProgress progress_;  // guarded by mutex_
  bool cancelled_ = false;   // guarded by mutex_, as loop_ is while it is being made

  std::thread thread_;
};

}  // namespace slipway::client
