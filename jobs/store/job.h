#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rpc/metadata.h"
#include "rpc/status.h"

namespace slipway::jobs {

/// Where a job stands. The numbers are on disk and equal those of slipway.v1.Job.State.
enum class JobState {
  kAccepted = 1,   // stored; waits for a worker, or for a time
  kRunning = 2,    // leased; may be leased anew once the lease has expired
  kSucceeded = 3,  // ended with an answer
  kFailed = 4,     // ended because no answer could be had
  kCancelled = 5,  // ended by a caller
};

/// "accepted", "running", "succeeded", "failed", "cancelled": for logs and metrics.
constexpr const char* StateName(JobState state) {
  switch (state) {
    case JobState::kAccepted:
      return "accepted";
    case JobState::kRunning:
      return "running";
    case JobState::kSucceeded:
      return "succeeded";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      break;
  }
  return "cancelled";
}

/// True once the job will not change any more.
constexpr bool Ended(JobState state) {
  return state != JobState::kAccepted && state != JobState::kRunning;
}

/// What a caller hands in. `payload` is bytes that only the kind's handler understands; they go
/// when the job ends.
struct NewJob {
  std::string kind;
  std::string payload;
  std::string correlation_id;
  absl::Time create_time;
  /// Whose job it is, as OwnerOf makes it; empty: nobody's, so readable by whoever knows the id.
  std::string owner;
  /// Not leased before this wall-clock time.
  std::optional<absl::Time> not_before;
  /// Leases that may end without an answer before the job fails, at least 1.
  int max_attempts = 10;
  /// How long after its end the result is kept.
  absl::Duration result_lifetime = absl::Hours(1);
  /// Empty: none. One owner's equal keys name one job.
  std::string idempotency_key;
  /// Tells requests of the same key apart: a digest of everything that was asked.
  std::string fingerprint;
  /// Bytes kept beside the job for whoever submitted it; the handler does not see them.
  std::string attachment;
};

/// A job without its payload and result, as lists and status answers need it.
struct JobRow {
  std::string id;
  std::string kind;
  JobState state = JobState::kAccepted;
  int attempt = 0;  // how many leases have begun; one that was given back does not count
  int max_attempts = 10;
  int progress = 0;  // per cent, of the present or, once it has ended, the last attempt
  std::string correlation_id;
  std::string owner;
  absl::Time create_time;
  absl::Time ready_time;                 // when it may first run: at not_before, else at once
  std::optional<absl::Time> not_before;  // while it waits for that time
  std::optional<absl::Time> start_time;  // of the last attempt, also between attempts
  std::optional<absl::Time> end_time;
  std::optional<absl::Time> expire_time;  // set once it has ended: when the result is forgotten
  rpc::Status error;  // why it failed or was cancelled, or how its last attempt ended
};

/// What a handler made. `status` is the answer to what was asked: an error is an answer too.
struct JobResult {
  rpc::Status status;
  /// Of an OK answer: an HTTP body and its media type.
  std::string content_type;
  std::string body;
  rpc::Metadata initial_metadata;
  rpc::Metadata trailers;
};

/// A job with its result, which there is when the state is kSucceeded and the result was not
/// dropped. A result may be empty.
struct JobOutcome {
  JobRow row;
  bool has_result = false;
  JobResult result;
  std::string attachment;
};

/// The right to run a job. Whoever ends the job presents `token`; each lease has a greater one, so
/// a worker that was overtaken is refused.
struct LeasedJob {
  JobRow row;
  std::string payload;
  int64_t token = 0;
};

/// What LeaseNext found.
struct LeaseAnswer {
  std::optional<LeasedJob> job;
  /// Without a job: when to ask again although nobody said that there is something, the earliest
  /// time (by either clock) at which a job of the kind may become leasable.
  absl::Time ask_again = absl::InfiniteFuture();
};

/// The two clocks of leasing. `wall` is what callers mean by a time of day, and may jump; leases
/// and the waits between attempts go by `steady`, which does not. A steady time means nothing to
/// another process.
struct JobTime {
  absl::Time wall;
  absl::Time steady;
};

/// Which jobs to list.
struct JobQuery {
  std::optional<std::string> owner;  // nothing: everybody's
  std::optional<JobState> state;
  std::string kind;  // empty: any
  int page_size = 100;
  std::string page_token;
  absl::Time now;  // expired jobs are left out
};

/// One page of a list, newest first.
struct JobPage {
  std::vector<JobRow> jobs;
  std::string next_page_token;  // empty on the last page
};

/// When a job may first run.
inline absl::Time ReadyTime(absl::Time create_time, std::optional<absl::Time> not_before) {
  return std::max(create_time, not_before.value_or(create_time));
}

/// How many jobs of a kind are in a state.
struct JobCount {
  std::string kind;
  JobState state;
  int64_t count;
};

/// One step of a job's life, told once it is durable.
struct JobEvent {
  enum class Type {
    kAccepted,   // submitted
    kLeased,     // an attempt begins
    kRetried,    // it ended without an answer; another one will follow
    kGivenBack,  // it was not finished and does not count
    kEnded,      // `after.state` says how
    kForgotten,  // deleted, or its result has been expired for a day
  };
  Type type;
  JobState before;  // equal to after.state where there was none
  JobRow after;
  bool first_lease = false;  // kLeased: of this job; attempt 1 may be another after a kGivenBack
};

}  // namespace slipway::jobs
