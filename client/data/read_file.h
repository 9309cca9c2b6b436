#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace slipway::client {

/// All of a file, of at most 1 GiB. INVALID_ARGUMENT, since the user has named it: `cannot read
/// PATH: why`.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace slipway::client
