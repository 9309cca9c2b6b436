#include "client/command/levels.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace slipway::client {
namespace {

/// To one or two digits, so that axes and tables are easy to read: 1, 2, 5, 10 for three a decade.
uint32_t Rounded(double level, int per_decade) {
  const double decade = std::pow(10, std::floor(std::log10(level) + 1e-9));
  const double lead = level / decade;
  if (per_decade == 3) return static_cast<uint32_t>((lead < 1.5 ? 1 : lead < 3.5 ? 2 : 5) * decade);
  const double digit = decade >= 10 ? decade / 10 : 1;
  return static_cast<uint32_t>(std::llround(level / digit) * std::llround(digit));
}

}  // namespace

absl::StatusOr<std::vector<uint32_t>> LevelsOf(const LevelRange& range) {
  if (range.from > range.to) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--from %d is above --to %d", range.from, range.to));
  }
  std::vector<uint32_t> levels{range.from, range.to};
  const double first = std::floor(std::log10(range.from));
  for (int step = 0;; ++step) {
    const uint32_t level = Rounded(
        std::pow(10, first + static_cast<double>(step) / range.per_decade), range.per_decade);
    if (level > range.to) break;
    if (level >= range.from) levels.push_back(level);
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

absl::StatusOr<std::vector<uint32_t>> ParseLevels(std::string_view text) {
  std::vector<uint32_t> levels;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    uint32_t level = 0;
    if (!absl::SimpleAtoi(part, &level) || level < 1 || level > 1'000'000) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--levels \"%s\": \"%s\" is not an integer from 1 to 1000000", std::string(text), part));
    }
    levels.push_back(level);
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

}  // namespace slipway::client
