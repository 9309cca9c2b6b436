#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/reason.h"
#include "jobs/store/database.h"
#include "jobs/store/job.h"
#include "jobs/store/store.h"

namespace slipway::jobs {

/// Log lines and metrics of jobs, from what the store tells of each step once it is durable; the
/// metrics count a step before the answer to whoever caused it, no answer waits for a line. Made
/// before anybody submits or works. Owned by the engine; `store` outlives it, and `metrics` and
/// `clock` do so too. Any thread.
class JobObserver {
 public:
  /// Counts the jobs that are there already.
  static absl::StatusOr<std::unique_ptr<JobObserver>> Make(
      Store& store, base::Metrics& metrics,
      const base::WallClock& clock = base::WallClock::System());
  ~JobObserver();
  JobObserver(const JobObserver&) = delete;
  JobObserver& operator=(const JobObserver&) = delete;

  /// A submission was not acknowledged.
  void Refused(base::Reason reason);
  void Committed(const CommitReport& report);

  /// Kinds that have series of their own. Those in the contract are few, but a store may hold rows
  /// of kinds that are no more; further kinds share the series of kind "other".
  static constexpr size_t kMaxKinds = 32;

 private:
  /// By JobState.
  static constexpr size_t kStates = static_cast<size_t>(JobState::kCancelled) + 1;

  /// The series of one kind.
  struct Kind {
    base::Counter& submitted;
    base::Counter& started;
    base::Counter& succeeded;
    base::Counter& failed;
    base::Counter& cancelled;
    base::Counter& retried;
    base::Counter& given_back;
    base::Counter& lost;
    base::Counter& forgotten;
    base::Histogram& waited;
    base::Histogram& ran;
    std::array<base::Gauge*, kStates> standing{};

    base::Gauge& Standing(JobState state) { return *standing[static_cast<size_t>(state)]; }
    void Move(JobState from, JobState to);
  };
  /// What the gauge of the oldest waiting job asks; it may be asked when the store is gone.
  struct StoreLink {
    std::mutex mutex;
    Store* store;  // guarded by mutex
    const base::WallClock* clock;
  };

  JobObserver(Store& store, base::Metrics& metrics, const base::WallClock& clock);
  Kind& Of(const std::string& kind);
  std::unique_ptr<Kind> MakeKind(const std::string& kind);
  void AddQueueAge(const std::string& kind);

  void Count(absl::Span<const JobEvent> events);
  static void Count(Kind& kind, const JobEvent& event);
  static void CountEnd(Kind& kind, const JobRow& row, JobState before);

  base::Metrics& metrics_;
  std::shared_ptr<StoreLink> link_;
  base::Counter& commits_;
  base::Counter& failed_commits_;
  base::Histogram& commit_operations_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Kind>> kinds_;  // guarded by mutex_
  std::map<base::Reason, base::Counter*> refused_;      // guarded by mutex_
  std::unique_ptr<EventSignal::Subscription> counts_;
  std::unique_ptr<EventSignal::Subscription> lines_;
};

}  // namespace slipway::jobs
