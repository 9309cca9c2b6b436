#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "jobs/store/job.h"
#include "jobs/store/signal.h"
#include "rpc/executor.h"
#include "rpc/status.h"
#include "rpc/task.h"

namespace slipway::jobs {

using EventSignal = Signal<absl::Span<const JobEvent>>;
using KindSignal = Signal<const std::string&>;

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
  struct Limits {
    /// Jobs in state kAccepted; a submission above is refused with queue_full.
    int64_t max_waiting = 2'000'000;
    /// How long an ended job is known after its result has expired.
    absl::Duration remember = absl::Hours(24);
  };

  static constexpr int kFirstInLine = 100;

  virtual ~Store() = default;

  /// Stores a new job as kAccepted, under an id of its own. A job of the same owner and idempotency
  /// key that has the same fingerprint is answered as it stands, and nothing stored; with another
  /// fingerprint: ALREADY_EXISTS (conflict).
  virtual rpc::Task<absl::StatusOr<JobRow>> Submit(rpc::Executor& executor, NewJob job) = 0;
  /// What Submit would answer without storing anything, given these of the job: the job that
  /// `owner` has submitted under `key`, ALREADY_EXISTS (conflict) when that has another
  /// fingerprint, nothing when there is none or `key` is empty.
  virtual rpc::Task<absl::StatusOr<std::optional<JobRow>>> FindByKey(rpc::Executor& executor,
                                                                     std::string owner,
                                                                     std::string key,
                                                                     std::string fingerprint) = 0;

  /// NOT_FOUND for an unknown id. An expired job is answered until it is forgotten.
  virtual rpc::Task<absl::StatusOr<JobRow>> Get(rpc::Executor& executor, std::string id) = 0;
  /// As Get, with the result; that of an expired job is empty.
  virtual rpc::Task<absl::StatusOr<JobOutcome>> GetOutcome(rpc::Executor& executor,
                                                           std::string id) = 0;
  /// Newest first, `page_size` ≥ 1 at most. A page of a filtered list may be short and not the
  /// last, so that no page costs more than a bounded look. INVALID_ARGUMENT for a page token that
  /// no List made.
  virtual rpc::Task<absl::StatusOr<JobPage>> List(rpc::Executor& executor, JobQuery query) = 0;

  /// Leases the job of `kind` that was submitted first among those that wait for nothing, or for a
  /// time that has come, or whose lease ended at or before `now.steady`; until `now.steady +
  /// duration`. A time that has come is over for good, also when the clock is set back; of
  /// thousands that come at once, later ones may count only with the next questions. Its attempt
  /// counts one more. A job whose lease ended without an answer max_attempts times is not leased
  /// but ends as kFailed (INTERNAL).
  virtual rpc::Task<absl::StatusOr<LeaseAnswer>> LeaseNext(rpc::Executor& executor,
                                                           std::string kind, JobTime now,
                                                           absl::Duration duration) = 0;
  /// Prolongs a lease to `until` (steady) and notes how far the work is.
  /// Errors of this and the next four: ABORTED (reason conflict) when `token` is not that of its
  /// present lease, as after a cancellation; NOT_FOUND for an unknown id. An expired lease that
  /// nobody took over is still good.
  virtual rpc::Task<absl::Status> Extend(rpc::Executor& executor, std::string id, int64_t token,
                                         absl::Time until, int progress) = 0;
  /// Ends a leased job as kSucceeded.
  virtual rpc::Task<absl::Status> Complete(rpc::Executor& executor, std::string id, int64_t token,
                                           absl::Time now, JobResult result) = 0;
  /// Ends it as kFailed; `error` must not be OK.
  virtual rpc::Task<absl::Status> Fail(rpc::Executor& executor, std::string id, int64_t token,
                                       absl::Time now, rpc::Status error) = 0;
  /// The attempt ended with `error`; the job waits until `wake` (steady), then takes its old place.
  /// Its progress is 0 again, as after Release and at each lease.
  virtual rpc::Task<absl::Status> Retry(rpc::Executor& executor, std::string id, int64_t token,
                                        rpc::Status error, absl::Time wake) = 0;
  /// The job waits again, at its old place; the attempt does not count.
  virtual rpc::Task<absl::Status> Release(rpc::Executor& executor, std::string id,
                                          int64_t token) = 0;

  /// Ends a job that has not ended as kCancelled (error CANCELLED with `message`), and voids its
  /// lease; answers the job as it is then, or as it was when it had ended already.
  virtual rpc::Task<absl::StatusOr<JobRow>> Cancel(rpc::Executor& executor, std::string id,
                                                   absl::Time now, std::string message) = 0;
  /// Forgets an ended job. FAILED_PRECONDITION (conflict) for one that has not ended.
  virtual rpc::Task<absl::Status> Delete(rpc::Executor& executor, std::string id) = 0;
  /// Drops results that have expired by `now` (wall) and forgets jobs whose results expired
  /// Limits::remember ago; at most `limit` ≥ 1 of them. Answers how many: `limit` means that there
  /// may be more.
  virtual rpc::Task<absl::StatusOr<size_t>> Purge(rpc::Executor& executor, absl::Time now,
                                                  size_t limit) = 0;

  /// For metrics, read on the calling thread. The cost does not grow with the number of jobs.
  virtual absl::StatusOr<std::vector<JobCount>> Count() = 0;
  /// Since when a job of `kind` waits for nothing but a worker: the earliest JobRow::ready_time
  /// among the first kFirstInLine of those that would be leased next; nothing if none waits.
  virtual absl::StatusOr<std::optional<absl::Time>> OldestWaiting(const std::string& kind) = 0;
  /// 32 random bytes that were made with the store and stay with it: the key of owner hashes.
  virtual const std::string& secret() const = 0;

  /// OK while writes can succeed; else why they cannot, until the process starts anew.
  virtual absl::Status Health() const = 0;

  /// `callback` runs for the steps of jobs that became durable together, in order, before the
  /// operations are answered: see Signal.
  virtual std::unique_ptr<EventSignal::Subscription> OnEvent(
      std::function<void(absl::Span<const JobEvent>)> callback) = 0;
  /// As OnEvent and after it, but the answers do not wait: for what nobody waits for, as log lines.
  virtual std::unique_ptr<EventSignal::Subscription> OnEventLater(
      std::function<void(absl::Span<const JobEvent>)> callback) = 0;
  /// `callback` runs, after OnEvent's, once for each kind of which such steps made jobs leasable,
  /// now or at a time: see Signal.
  virtual std::unique_ptr<KindSignal::Subscription> OnRunnable(
      std::function<void(const std::string& kind)> callback) = 0;
};

}  // namespace slipway::jobs
