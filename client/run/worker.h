#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "client/engine/engine.h"
#include "client/pace/closed_loop.h"
#include "client/pace/request_budget.h"
#include "client/run/driver.h"
#include "client/run/plan.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// One thread of a run with all that is its own: executor, engine, pacer, driver, histograms.
/// Threads share nothing but the budget. Owned by the trial, which steers it from its thread;
/// results may be read after Join.
class Worker {
 public:
  /// What the trial hears, on the coordinator's thread.
  struct Events {
    std::function<void(absl::Status)> connected;
    std::function<void()> ended;
  };

  /// Starts the thread, which connects. `plan`, `budget` (may be nullptr) and `coordinator` outlive
  /// this.
  Worker(const Plan& plan, int index, RequestBudget* budget, rpc::Executor& coordinator,
         Events events);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() { Join(); }

  /// Once, after `connected`: lets the load begin, or nothing be loaded at all.
  void Go(std::optional<Window> window);
  /// Ends the load now and leaves what is in flight.
  void Abandon();
  /// Lets the thread end and waits for it; after Go and, if there was a load, after `ended`. Until
  /// then the thread stays, so that the system's account of its time stays too.
  void Join();

  /// Requests so far; any thread.
  int64_t finished() const;
  int64_t failed() const;

  /// Meaningful after Join.
  const Driver* driver() const { return driver_ ? &*driver_ : nullptr; }
  uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void Main();
  rpc::Task<void> Run();
  rpc::Task<void> Load();

  const Plan& plan_;
  const Share share_;
  RequestBudget* const budget_;
  rpc::Executor& coordinator_;
  const Events events_;

  rpc::IoExecutor executor_;
  std::unique_ptr<Engine> engine_;
  std::optional<ClosedLoop> pacer_;
  std::optional<Driver> driver_;
  std::atomic<const Driver*> visible_driver_{nullptr};
  std::optional<Window> window_;
  rpc::WaitSlot go_;
  rpc::WaitSlot release_;
  uint64_t bytes_sent_ = 0;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace slipway::client
