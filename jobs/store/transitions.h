#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/store/due_times.h"
#include "jobs/store/job.h"
#include "jobs/store/sqlite.h"

namespace slipway::jobs {

/// The steps of a job as SQL: what Store promises of each operation, done on the writer's thread
/// inside its transaction. Each appends what happened to `events`; when it answers an error the
/// caller takes back both, and forgets `due` if it was LeaseNextJob.

using JobEvents = std::vector<JobEvent>;

/// The job that `owner` has submitted under the idempotency key `key`: ALREADY_EXISTS unless it
/// also has the fingerprint. Nothing when there is none, or `key` is empty. Changes nothing: any
/// connection.
absl::StatusOr<std::optional<JobRow>> FindSubmitted(Connection& connection,
                                                    const std::string& owner,
                                                    const std::string& key,
                                                    const std::string& fingerprint);
absl::StatusOr<JobRow> InsertJob(Connection& connection, DueTimes& due, const NewJob& job,
                                 JobEvents& events);

absl::StatusOr<LeaseAnswer> LeaseNextJob(Connection& connection, DueTimes& due,
                                         const std::string& kind, JobTime now,
                                         absl::Duration duration, JobEvents& events);

/// A lease as who holds it presents it.
struct LeaseRef {
  std::string id;
  int64_t token;
};
absl::Status ExtendLease(Connection& connection, DueTimes& due, const LeaseRef& lease,
                         absl::Time until, int progress);
/// `result`: as EncodeResult made it.
absl::Status CompleteJob(Connection& connection, const LeaseRef& lease, absl::Time now,
                         const std::string& result, JobEvents& events);
absl::Status FailJob(Connection& connection, const LeaseRef& lease, absl::Time now,
                     const rpc::Status& error, JobEvents& events);
absl::Status RetryJob(Connection& connection, DueTimes& due, const LeaseRef& lease,
                      const rpc::Status& error, absl::Time wake, JobEvents& events);
absl::Status ReleaseJob(Connection& connection, const LeaseRef& lease, JobEvents& events);

absl::StatusOr<JobRow> CancelJob(Connection& connection, const std::string& id, absl::Time now,
                                 const std::string& message, JobEvents& events);
absl::Status DeleteJob(Connection& connection, const std::string& id, JobEvents& events);
absl::StatusOr<size_t> PurgeJobs(Connection& connection, absl::Time now, absl::Duration remember,
                                 size_t limit, JobEvents& events);

}  // namespace slipway::jobs
