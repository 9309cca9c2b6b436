#include "jobs/work/verdict.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "jobs/store/text.h"
#include "jobs/work/result_size.h"

namespace slipway::jobs {
namespace {

/// What the attempt counts as, given that the handler had no answer.
rpc::Status ErrorOf(Interruption interruption, const absl::Status* error,
                    const WorkerOptions& options) {
  // How a handler words the end of its time depends on what it waited for.
  if (error == nullptr || (interruption == Interruption::kTimeUp &&
                           (absl::IsCancelled(*error) || absl::IsDeadlineExceeded(*error)))) {
    return rpc::Status(
        absl::StatusCode::kDeadlineExceeded,
        absl::StrCat("the attempt took longer than ", absl::FormatDuration(options.attempt_timeout),
                     error == nullptr ? " and did not heed its cancellation" : ""));
  }
  return rpc::Status(*error);
}

rpc::Status AfterAttempts(const rpc::Status& error, int attempts) {
  return rpc::Status(error.code(),
                     absl::StrCat(error.message(), error.message().empty() ? "" : " ", "(after ",
                                  attempts, attempts == 1 ? " attempt)" : " attempts)"),
                     error.details());
}

/// Of what is answered for it: a body and its media type.
absl::Status CheckSize(const JobResult& result) {
  return CheckResultSize(result.body.size() + ReadableText(result.content_type).size());
}

}  // namespace

Verdict Judge(Interruption interruption, std::optional<absl::StatusOr<JobResult>> answer,
              const JobRow& row, const WorkerOptions& options) {
  if (interruption == Interruption::kLost) return {Verdict::Type::kDrop, {}, {}};
  if (answer && answer->ok()) {
    absl::Status fits = CheckSize(**answer);
    if (fits.ok()) return {Verdict::Type::kComplete, *std::move(*answer), {}};
    answer = std::move(fits);
  }
  const absl::Status why = answer ? answer->status() : absl::OkStatus();
  if (interruption == Interruption::kStopping && (!answer || absl::IsCancelled(why))) {
    return {Verdict::Type::kGiveBack, {}, {}};
  }
  rpc::Status error = ErrorOf(interruption, answer ? &why : nullptr, options);
  if (options.retry.count(error.code()) == 0) return {Verdict::Type::kFail, {}, std::move(error)};
  if (row.attempt < row.max_attempts) return {Verdict::Type::kRetry, {}, std::move(error)};
  return {Verdict::Type::kFail, {}, AfterAttempts(error, row.attempt)};
}

}  // namespace slipway::jobs
