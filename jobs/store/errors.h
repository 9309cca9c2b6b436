#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "jobs/store/job.h"
#include "rpc/status.h"

namespace slipway::jobs {

/// The errors that every store words alike. `id` may be anything a caller sent: shown up to 64
/// bytes.
inline absl::Status JobNotFound(std::string_view id) {
  const std::string_view shown = id.substr(0, 64);
  return base::MakeError(
      absl::StatusCode::kNotFound, base::Reason::kNotFound,
      absl::StrCat("job ID not found: ", absl::CHexEscape({shown.data(), shown.size()}),
                   shown.size() < id.size() ? "…" : ""));
}

inline absl::Status LeaseLost(const std::string& id) {
  return base::MakeError(
      absl::StatusCode::kAborted, base::Reason::kConflict,
      absl::StrCat("job ", id,
                   ": the lease presented is not, or no longer, the one that holds it"));
}

inline absl::Status KeyUsed(std::string_view key) {
  return base::MakeError(
      absl::StatusCode::kAlreadyExists, base::Reason::kConflict,
      absl::StrCat("idempotencyKey: \"", absl::CHexEscape({key.data(), key.size()}),
                   "\" was used for another request; a key names one request"));
}

inline absl::Status TooManyWaiting(int64_t waiting) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, base::Reason::kQueueFull,
      absl::StrCat(waiting, " jobs are waiting, which is the limit (--job-queue-limit)"));
}

inline absl::Status NotEnded(const JobRow& row) {
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, base::Reason::kConflict,
      absl::StrCat("job ", row.id, " is ", StateName(row.state), "; cancel it first"));
}

/// How a job ends whose handler, it seems, ends its process.
inline rpc::Status WorkerDied(int attempts) {
  return rpc::Status(
      absl::StatusCode::kInternal,
      absl::StrCat("the job's worker died during each of its ", attempts, " attempts"));
}

}  // namespace slipway::jobs
