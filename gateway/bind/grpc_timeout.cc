#include "gateway/bind/grpc_timeout.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"

namespace slipway::gateway {
namespace {

constexpr int64_t kMaxNanoseconds = std::numeric_limits<int64_t>::max() / 4;

/// Nanoseconds of a unit, or 0.
int64_t UnitNanoseconds(char unit) {
  switch (unit) {
    case 'H':
      return 3'600'000'000'000;
    case 'M':
      return 60'000'000'000;
    case 'S':
      return 1'000'000'000;
    case 'm':
      return 1'000'000;
    case 'u':
      return 1'000;
    case 'n':
      return 1;
    default:
      return 0;
  }
}

absl::Status BadTimeout(std::string_view text) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, base::Reason::kBadHeaderValue,
                         absl::StrCat("header Grpc-Timeout: \"",
                                      absl::CHexEscape(absl::string_view(
                                          text.data(), std::min<size_t>(text.size(), 40))),
                                      "\" is not a number and a unit (one of H, M, S, m, u, n)"));
}

}  // namespace

absl::StatusOr<rpc::Duration> ParseGrpcTimeout(std::string_view text) {
  const int64_t unit = text.empty() ? 0 : UnitNanoseconds(text.back());
  if (text.size() < 2 || unit == 0) return BadTimeout(text);
  std::string_view digits = text.substr(0, text.size() - 1);
  if (digits[0] == '+') digits.remove_prefix(1);
  int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool too_long = error == std::errc::result_out_of_range;
  if (digits.empty() || digits.ends_with('+') || end != digits.data() + digits.size() ||
      (error != std::errc() && !too_long) || text.starts_with("+-")) {
    return BadTimeout(text);
  }
  if (count < 0 || (too_long && digits[0] == '-')) return rpc::Duration(-1);
  if (too_long || count > kMaxNanoseconds / unit) return rpc::Duration(kMaxNanoseconds);
  return rpc::Duration(count * unit);
}

}  // namespace slipway::gateway
