#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"

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

}  // namespace slipway::jobs
