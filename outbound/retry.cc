#include "outbound/retry.h"

#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace slipway::outbound {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 365);

std::optional<absl::Duration> ParseSeconds(absl::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  std::uint32_t seconds = 0;
  // Digits that do not fit are more than the longest.
  return absl::SimpleAtoi(text, &seconds) ? absl::Seconds(seconds) : kLongest;
}

}  // namespace

std::optional<rpc::Duration> ParseRetryAfter(std::string_view value, absl::Time now) {
  const absl::string_view text = absl::StripAsciiWhitespace({value.data(), value.size()});
  std::optional<absl::Duration> wait = ParseSeconds(text);
  if (!wait) {
    absl::Time date;
    if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), &date, nullptr)) {
      return std::nullopt;
    }
    wait = date - now;
  }
  return absl::ToChronoNanoseconds(std::clamp(*wait, absl::ZeroDuration(), kLongest));
}

}  // namespace slipway::outbound
