#include "jobs/delivery/token.h"

#include <cstddef>

#include "jobs/store/id.h"

namespace slipway::jobs {
namespace {

__extension__ using Bits = unsigned __int128;

constexpr size_t kTokenLength = 32;
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kCapitalHex = "0123456789ABCDEF";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";

std::string Written(Bits bits, size_t length, std::string_view digits, int bits_a_digit) {
  std::string text(length, '0');
  for (size_t i = length; i-- > 0; bits >>= bits_a_digit) {
    text[i] = digits[static_cast<size_t>(bits) & (digits.size() - 1)];
  }
  return text;
}

}  // namespace

std::string TokenFromJobId(std::string_view id) {
  Bits bits = 0;
  for (const char digit : id) bits = bits << 5 | kBase32.find(digit);
  return Written(bits, kTokenLength, kHex, 4);
}

std::optional<std::string> JobIdFromToken(std::string_view token) {
  if (token.size() != kTokenLength) return std::nullopt;
  Bits bits = 0;
  for (const char digit : token) {
    size_t value = kHex.find(digit);
    if (value == std::string_view::npos) value = kCapitalHex.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 4 | value;
  }
  return Written(bits, kJobIdLength, kBase32, 5);
}

}  // namespace slipway::jobs
