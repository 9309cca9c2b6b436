#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/reason.h"

namespace slipway::jobs {

/// INVALID_ARGUMENT: `message` names the field, its value and what is allowed.
inline absl::Status BadField(std::string message) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadField,
                         std::move(message));
}

}  // namespace slipway::jobs
