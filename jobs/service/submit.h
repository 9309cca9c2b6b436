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
using CallCheck = std::function<absl::StatusOr<v1::StoredCall>(const v1::Call&)>;

/// By what a submission that is repeated is known.
struct SubmitKey {
  std::string key;  // the idempotency key; empty: none
  /// A digest of all that was asked, the key excepted; empty without a key. What is said by default
  /// is the same as what is said, as are the forms of a call's method and of an empty request. A
  /// start in the past counts as it was sent, so that a request repeated later is still the same.
  std::string fingerprint;
};

/// Looks at nothing but what was asked: whether that is allowed, or can be done now, must not
/// matter to a repetition. INVALID_ARGUMENT for a key that is not allowed.
absl::StatusOr<SubmitKey> KeyOf(const v1::SubmitJobRequest& request);

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
absl::StatusOr<NewJob> ToNewJob(const v1::SubmitJobRequest& request, SubmitKey key,
                                Submitter submitter, const SubmitRules& rules);

}  // namespace slipway::jobs
