#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::client {

/// Levels of a sweep, as many from one power of ten to the next.
struct LevelRange {
  uint32_t from = 1;
  uint32_t to = 10'000;
  int per_decade = 3;
};

/// Ascending, `from` and `to` among them; for three a decade the round numbers 1, 2, 5, 10, 20, ….
/// INVALID_ARGUMENT when `from` is above `to`.
absl::StatusOr<std::vector<uint32_t>> LevelsOf(const LevelRange& range);

/// `1,10,100`: 1 to 1,000,000 each; ascending, each once. INVALID_ARGUMENT names the part.
absl::StatusOr<std::vector<uint32_t>> ParseLevels(std::string_view text);

}  // namespace slipway::client
