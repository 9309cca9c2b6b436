#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"
#include "slipway/v1/job_storage.pb.h"
#include "slipway/v1/jobs.pb.h"

namespace slipway::jobs {

/// Resolves target and method of a `call` and encodes its request, or says what is wrong with it.
/// Any thread; must not block.
using CallCheck =
    std::function<absl::StatusOr<v1::StoredCall>(const v1::Call&, bool has_authorization)>;

/// What a submission is judged by.
struct SubmitRules {
  absl::Time now;
  absl::Duration longest_result_lifetime;
  /// Null: there is nothing to call.
  const CallCheck* check_call = nullptr;
};

/// Who submits.
struct Submitter {
  std::string owner;
  std::string correlation_id;
};

/// A request to submit as the store takes it. The kind is the name of the oneof's field that is
/// set, the payload its message; that of a `call` is a slipway.v1.StoredCall. INVALID_ARGUMENT
/// names the field, its value and what is allowed; FAILED_PRECONDITION for a call where there are
/// no targets; else what the check of the call answered.
absl::StatusOr<NewJob> ToNewJob(const v1::SubmitJobRequest& request, Submitter submitter,
                                const SubmitRules& rules);

}  // namespace slipway::jobs
