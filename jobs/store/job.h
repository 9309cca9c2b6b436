#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "rpc/status.h"

namespace slipway::jobs {

/// Where a job stands. The numbers are on disk and equal those of slipway.v1.Job.State.
enum class JobState {
  kAccepted = 1,   // stored, may be leased
  kRunning = 2,    // leased; may be leased anew once the lease has expired
  kSucceeded = 3,  // ended with a result
  kFailed = 4,     // ended with an error
};

/// "accepted", "running", "succeeded", "failed": for logs and metrics.
constexpr const char* StateName(JobState state) {
  switch (state) {
    case JobState::kAccepted:
      return "accepted";
    case JobState::kRunning:
      return "running";
    case JobState::kSucceeded:
      return "succeeded";
    case JobState::kFailed:
      break;
  }
  return "failed";
}

/// True once the job will not change any more.
constexpr bool Ended(JobState state) {
  return state == JobState::kSucceeded || state == JobState::kFailed;
}

/// What a caller hands in. `payload` is bytes that only the kind's handler understands.
struct NewJob {
  std::string kind;
  std::string payload;
  std::string correlation_id;
  absl::Time create_time;
};

/// A job without its payload and result, as lists and status answers need it.
struct JobRow {
  std::string id;
  std::string kind;
  JobState state = JobState::kAccepted;
  int attempt = 0;  // how many times it was leased
  std::string correlation_id;
  absl::Time create_time;
  std::optional<absl::Time> start_time;  // of the last attempt
  std::optional<absl::Time> end_time;
  rpc::Status error;  // set when the state is kFailed
};

/// What a handler made: an HTTP body and its media type.
struct JobResult {
  std::string content_type;
  std::string body;
};

/// A job with its result, which is empty unless the state is kSucceeded.
struct JobOutcome {
  JobRow row;
  JobResult result;
};

/// The right to run a job. Whoever ends the job presents `token`; each lease has a greater one, so
/// a worker that was overtaken is refused.
struct LeasedJob {
  JobRow row;
  std::string payload;
  int64_t token = 0;
  bool recovered = false;  // an earlier lease ended without an answer
};

/// One page of a list, newest first.
struct JobPage {
  std::vector<JobRow> jobs;
  std::string next_page_token;  // empty on the last page
};

/// How many jobs of a kind are in a state.
struct JobCount {
  std::string kind;
  JobState state;
  int64_t count;
};

}  // namespace slipway::jobs
