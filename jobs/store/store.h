#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"
#include "jobs/store/signal.h"
#include "rpc/executor.h"
#include "rpc/status.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Where jobs live: rows, and the only truth about them. Service and workers share one store; any
/// thread may call it. It must outlive the tasks it made.
///
/// Every operation is a task that is awaited on `executor`'s thread and resumes there. Writes do
/// not block that thread; reads may, for as long as a look into the page cache takes. A task that
/// is destroyed while it waits gives up the answer, not the operation.
///
/// Errors of all operations: UNAVAILABLE when the store has failed (reason store_failed) or is
/// closing (shutting_down), RESOURCE_EXHAUSTED when it has no room (store_full) or too much is
/// waiting (queue_full). An answer that is OK is durable.
class Store {
 public:
  virtual ~Store() = default;

  /// Stores a new job as kAccepted, under an id of its own.
  virtual rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) = 0;

  /// NOT_FOUND for an unknown id.
  virtual rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) = 0;
  /// As Get, with the result.
  virtual rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                           std::string id) = 0;
  /// Newest first, `page_size` ≥ 1 at most. INVALID_ARGUMENT for a page token that no List made.
  virtual rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, int page_size,
                                                  std::string page_token) = 0;

  /// Leases the oldest job of one of `kinds` that waits, or whose lease ended at or before `now`,
  /// until `now + duration`; nothing if there is none. Its attempt counts one more.
  virtual rpc::Task<absl::StatusOr<std::optional<LeasedJob>>> LeaseNext(
      rpc::Executor& executor, std::vector<std::string> kinds, absl::Time now,
      absl::Duration duration) = 0;

  /// Ends or gives back a leased job. ABORTED (reason conflict) when `token` is not that of its
  /// present lease, NOT_FOUND for an unknown id. An expired lease that nobody took over is still
  /// good.
  virtual rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                           absl::Time now, JobResult result) = 0;
  /// `error` must not be OK.
  virtual rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                                       absl::Time now, rpc::Status error) = 0;
  /// The job waits again, at its old place.
  virtual rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id,
                                          int64_t token) = 0;

  /// For metrics, read on the calling thread. Counting visits every job: once, at start.
  virtual absl::StatusOr<std::vector<JobCount>> Count() = 0;
  /// When the oldest waiting job of `kind` was submitted; nothing if none waits.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) = 0;

  /// OK while writes can succeed; else why they cannot, until the process starts anew.
  virtual absl::Status Health() const = 0;

  /// `callback` runs for each new job once it is durable, before anybody can have leased it.
  virtual std::unique_ptr<Signal<const JobRow&>::Subscription> OnAccepted(
      std::function<void(const JobRow&)> callback) = 0;
  /// `callback` runs after each change that made a job leasable: see Signal.
  virtual std::unique_ptr<Signal<>::Subscription> OnRunnable(std::function<void()> callback) = 0;
};

}  // namespace slipway::jobs
