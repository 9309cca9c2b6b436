#include "schema/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace slipway::schema::internal {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kBad = 0xFF;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  values.fill(kBad);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  return values;
}
constexpr std::array<uint8_t, 256> kValues = MakeValues();

bool MixesAlphabets(std::string_view text) {
  return text.find_first_of("+/") != text.npos && text.find_first_of("-_") != text.npos;
}

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  const size_t start = out->size();
  out->resize(start + (bytes.size() + 2) / 3 * 4, '=');
  char* to = out->data() + start;
  size_t i = 0;
  const auto at = [&](size_t index) { return static_cast<uint8_t>(bytes[index]); };
  for (; i + 2 < bytes.size(); i += 3) {
    const uint32_t group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = kAlphabet[group >> 6 & 63];
    *to++ = kAlphabet[group & 63];
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t group = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[group >> 12 & 63];
  if (left == 2) *to = kAlphabet[group >> 6 & 63];
}

bool DecodeBase64(std::string_view text, std::string* out) {
  out->clear();
  if (MixesAlphabets(text)) return false;
  out->reserve(text.size() / 4 * 3 + 3);
  uint32_t bits = 0;
  size_t digits = 0;
  size_t padding = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const uint8_t value = kValues[static_cast<uint8_t>(c)];
    if (value == kBad || padding > 0) return false;
    bits = bits << 6 | value;
    if (++digits % 4 == 0) {
      out->push_back(static_cast<char>(bits >> 16));
      out->push_back(static_cast<char>(bits >> 8));
      out->push_back(static_cast<char>(bits));
    }
  }
  const size_t left = digits % 4;
  if (left == 1 || (padding > 0 && left + padding != 4)) return false;
  if (left == 2) out->push_back(static_cast<char>(bits >> 4));
  if (left == 3) {
    out->push_back(static_cast<char>(bits >> 10));
    out->push_back(static_cast<char>(bits >> 2));
  }
  return true;
}

}  // namespace slipway::schema::internal
