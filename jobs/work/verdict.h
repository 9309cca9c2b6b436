#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "jobs/store/job.h"
#include "jobs/work/options.h"
#include "rpc/status.h"

namespace slipway::jobs {

/// Why a handler was told to stop; of several reasons the last of this list counts.
enum class Interruption {
  kNone,
  kTimeUp,    // its attempt took too long
  kStopping,  // the process stops
  kLost,      // the job was cancelled or deleted, or another lease has begun
};

/// What becomes of a job after an attempt.
struct Verdict {
  enum class Type {
    kComplete,  // with `result`
    kRetry,     // with `error`, if there is another attempt
    kFail,      // with `error`
    kGiveBack,
    kDrop,  // the job is not ours any more
  };
  Type type;
  JobResult result;
  rpc::Status error;
};

/// `answer` is what the handler of `row` answered; nothing: it was abandoned. One that is larger
/// than a job keeps (kMaxResultBytes) counts as an error: OUT_OF_RANGE.
Verdict Judge(Interruption interruption, std::optional<absl::StatusOr<JobResult>> answer,
              const JobRow& row, const WorkerOptions& options);

}  // namespace slipway::jobs
