#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/testing/temporary_directory.h"
#include "jobs/store/database.h"
#include "jobs/store/memory_store.h"
#include "jobs/store/sqlite_store.h"
#include "jobs/testing/spy_store.h"
#include "jobs/testing/task_runner.h"
#include "jobs/work/worker.h"

namespace slipway::jobs {

/// What the handlers of a test did, in order; others may wait for a number of entries.
class Journal {
 public:
  void Add(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return entries_.size() >= count; });
    return entries_;
  }
  std::vector<std::string> Entries() { return WaitFor(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

/// What a store told, in order.
class JobDiary {
 public:
  explicit JobDiary(Store& store)
      : subscription_(store.OnEvent([this](absl::Span<const JobEvent> events) {
          const std::lock_guard lock(mutex_);
          for (const JobEvent& event : events) rows_[event.type].push_back(event.after);
          changed_.notify_all();
        })) {}

  /// The rows of the events of `type`, at least `count` unless it takes too long.
  std::vector<JobRow> WaitFor(JobEvent::Type type, size_t count) {
    std::unique_lock lock(mutex_);
    std::vector<JobRow>& rows = rows_[type];
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return rows.size() >= count; });
    return rows;
  }
  std::vector<JobRow> Of(JobEvent::Type type) { return WaitFor(type, 0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<JobEvent::Type, std::vector<JobRow>> rows_;  // guarded by mutex_
  std::unique_ptr<EventSignal::Subscription> subscription_;
};

/// Where handlers of a test wait until it lets them go on; opened once, by any thread.
class Gate {
 public:
  rpc::Task<void> Wait(rpc::Executor& executor) {
    // Looks again and again, on a timer: whoever opens it need not know who waits where.
    while (!open_.load()) {
      rpc::WaitSlot slot;
      rpc::Timer timer(executor);
      timer.Start(executor.Now() + std::chrono::milliseconds(1), [&slot] { slot.Wake(); });
      co_await slot.Wait();
    }
  }
  void Open() { open_ = true; }

 private:
  std::atomic<bool> open_{false};
};

/// A store of its own, "Memory" or "Sqlite".
class OwnStore {
 public:
  explicit OwnStore(const std::string& name) {
    if (name == "Memory") {
      store_ = std::make_unique<MemoryStore>();
      return;
    }
    // Nobody pulls the plug here.
    auto database = Database::Open({.path = directory_.File("jobs.db"),
                                    .components = {SqliteStore::Tables()},
                                    .sync_each_commit = false});
    if (!database.ok()) ADD_FAILURE() << database.status();
    database_ = *std::move(database);
    store_ = std::make_unique<SqliteStore>(*database_);
  }
  Store& operator*() { return *store_; }

 private:
  base::TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Store> store_;
};

/// A worker on a store, and handlers whose deeds are in a journal:
/// - "note" writes its payload down and answers with it;
/// - "hang" does so and sleeps until it is cancelled, then writes "PAYLOAD ended";
/// - "ignore" does so and waits for something that never comes;
/// - "gate" does so and waits for the gate, whatever happens, then writes "PAYLOAD ended";
/// - "fail" does so and answers the next one of `errors_`; once there is none, as "note".
class WorkerTest : public testing::TestWithParam<const char*> {
 protected:
  using Type = JobEvent::Type;

  WorkerTest() {
    options_.clock = &clock_;
    options_.patience = absl::Milliseconds(20);
  }

  JobHandlers Handlers();
  std::unique_ptr<Worker> NewWorker(Store& store) {
    auto worker = std::make_unique<Worker>(store, options_);
    for (auto& [kind, handler] : Handlers()) worker->AddHandler(kind, handler);
    return worker;
  }
  void StartWorker() {
    worker_ = NewWorker(spy_);
    worker_->Start();
  }

  std::string Submit(std::string kind, std::string payload = {},
                     const std::function<void(NewJob&)>& edit = {}) {
    NewJob job;
    job.kind = std::move(kind);
    job.payload = std::move(payload);
    job.correlation_id = "my-correlation";
    job.create_time = kNow;
    if (edit) edit(job);
    return runner_.Run(store_.Submit(runner_.executor(), std::move(job)))->id;
  }
  JobOutcome Get(const std::string& id) {
    return *runner_.Run(store_.GetOutcome(runner_.executor(), id));
  }
  JobRow Cancel(const std::string& id) {
    return *runner_.Run(store_.Cancel(runner_.executor(), id, kNow, "cancelled by a test"));
  }
  /// Leases as another worker did that has died: its lease is over, a minute and more ago.
  LeasedJob LeaseAndDie(const std::string& kind) {
    const JobTime then{kNow, kNow - absl::Hours(1) + ++deaths_ * absl::Minutes(1)};
    return *runner_.Run(store_.LeaseNext(runner_.executor(), kind, then, absl::Seconds(1)))->job;
  }
  void Fail(absl::Status error) { errors_.push_back(std::move(error)); }

  static inline const absl::Time kNow = absl::FromUnixSeconds(1'763'736'600);
  base::ManualWallClock clock_{kNow};
  OwnStore own_store_{GetParam()};
  Store& store_ = *own_store_;
  JobDiary events_{store_};
  SpyStore spy_{store_};
  Journal journal_;
  Gate gate_;
  std::vector<absl::Status> errors_;  // before the worker starts, then on its thread
  std::string last_correlation_id_;
  Worker::Options options_;
  TaskRunner runner_;
  std::unique_ptr<Worker> worker_;

 private:
  int deaths_ = 0;

  rpc::Task<absl::StatusOr<JobResult>> Note(Attempt& attempt);
  rpc::Task<absl::StatusOr<JobResult>> Hang(Attempt& attempt);
  rpc::Task<absl::StatusOr<JobResult>> Ignore(Attempt& attempt);
  rpc::Task<absl::StatusOr<JobResult>> AtGate(Attempt& attempt);
  rpc::Task<absl::StatusOr<JobResult>> NextError(Attempt& attempt);
};

inline JobResult ResultOf(const Attempt& attempt) {
  JobResult result;
  result.content_type = "text/plain";
  result.body = "done " + attempt.payload();
  return result;
}

inline rpc::Task<absl::StatusOr<JobResult>> WorkerTest::Note(Attempt& attempt) {
  last_correlation_id_ = attempt.call().correlation_id();
  journal_.Add(attempt.payload());
  co_return ResultOf(attempt);
}

inline rpc::Task<absl::StatusOr<JobResult>> WorkerTest::Hang(Attempt& attempt) {
  journal_.Add(attempt.payload());
  const rpc::Status status = co_await attempt.call().Sleep(std::chrono::hours(1));
  journal_.Add(attempt.payload() + " ended");
  co_return status.ToAbsl();
}

inline rpc::Task<absl::StatusOr<JobResult>> WorkerTest::Ignore(Attempt& attempt) {
  journal_.Add(attempt.payload());
  rpc::WaitSlot never;
  co_await never.Wait();
  co_return JobResult();
}

inline rpc::Task<absl::StatusOr<JobResult>> WorkerTest::AtGate(Attempt& attempt) {
  journal_.Add(attempt.payload());
  attempt.SetProgress(40);
  auto wait = gate_.Wait(attempt.call().executor());
  co_await std::move(wait);
  journal_.Add(attempt.payload() + " ended");
  co_return ResultOf(attempt);
}

inline rpc::Task<absl::StatusOr<JobResult>> WorkerTest::NextError(Attempt& attempt) {
  journal_.Add(attempt.payload());
  if (errors_.empty()) co_return ResultOf(attempt);
  absl::Status error = std::move(errors_.front());
  errors_.erase(errors_.begin());
  co_return error;
}

inline JobHandlers WorkerTest::Handlers() {
  JobHandlers handlers;
  handlers["note"] = [this](Attempt& attempt) { return Note(attempt); };
  handlers["hang"] = [this](Attempt& attempt) { return Hang(attempt); };
  handlers["ignore"] = [this](Attempt& attempt) { return Ignore(attempt); };
  handlers["gate"] = [this](Attempt& attempt) { return AtGate(attempt); };
  handlers["fail"] = [this](Attempt& attempt) { return NextError(attempt); };
  return handlers;
}

}  // namespace slipway::jobs
