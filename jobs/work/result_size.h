#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"

namespace slipway::jobs {

/// How large a result may be so that everybody can fetch it: it is answered in a
/// google.api.HttpBody, and gRPC receivers take messages of 4 MiB unless they are told otherwise.
/// What is left of that is room for the envelope.
constexpr size_t kMaxResultBytes = (4 << 20) - 1024;

/// OUT_OF_RANGE (response_too_large) when an answer of `bytes` is more than `max_bytes`.
inline absl::Status CheckResultSize(size_t bytes, size_t max_bytes = kMaxResultBytes) {
  if (bytes <= max_bytes) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kOutOfRange, base::Reason::kResponseTooLarge,
      absl::StrCat("the answer has ", bytes, " bytes; a job keeps at most ", max_bytes));
}

}  // namespace slipway::jobs
