#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/metrics.h"
#include "jobs/store/database.h"
#include "jobs/store/job.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Log lines and metrics of jobs. The store tells it of new jobs, the worker of the steps that
/// follow, each once it is durable. Made before anybody submits. Owned by the engine; `store` and
/// `metrics` outlive it. Any thread.
class JobObserver {
 public:
  /// Counts the jobs that are there already.
  static absl::StatusOr<std::unique_ptr<JobObserver>> Make(Store& store, base::Metrics& metrics);
  ~JobObserver();
  JobObserver(const JobObserver&) = delete;
  JobObserver& operator=(const JobObserver&) = delete;

  void Started(const LeasedJob& job);
  /// `error` is OK for a job that succeeded; `now` is when it ended.
  void Ended(const LeasedJob& job, const absl::Status& error, absl::Time now);
  void GivenBack(const LeasedJob& job);
  /// The store did not take the job's end: it will run again.
  void EndNotStored(const LeasedJob& job, const absl::Status& why);
  void Committed(const CommitReport& report);

 private:
  /// The series of one kind.
  struct Kind {
    base::Counter& submitted;
    base::Counter& started;
    base::Counter& succeeded;
    base::Counter& failed;
    base::Counter& given_back;
    base::Gauge& now_accepted;
    base::Gauge& now_running;
    base::Gauge& now_succeeded;
    base::Gauge& now_failed;
    base::Histogram& waited;
    base::Histogram& ran;
  };
  /// What the gauge of the oldest waiting job asks; it may be asked when the store is gone.
  struct StoreLink {
    std::mutex mutex;
    Store* store;  // guarded by mutex
  };

  JobObserver(Store& store, base::Metrics& metrics);
  void Accepted(const JobRow& row);
  Kind& Of(const std::string& kind);
  std::unique_ptr<Kind> MakeKind(const std::string& kind);
  base::Gauge& Standing(Kind& kind, JobState state);

  base::Metrics& metrics_;
  std::shared_ptr<StoreLink> link_;
  base::Counter& commits_;
  base::Counter& failed_commits_;
  base::Histogram& commit_operations_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Kind>> kinds_;  // guarded by mutex_
  std::unique_ptr<Signal<const JobRow&>::Subscription> accepted_;
};

}  // namespace slipway::jobs
