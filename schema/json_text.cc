#include "schema/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/json.h"

namespace slipway::schema {
namespace internal {

namespace {

enum class Kind : uint8_t { kPlain, kEscape, kMultiByte };

constexpr std::array<Kind, 256> MakeKinds() {
  std::array<Kind, 256> kinds{};
  for (size_t i = 0; i < 0x20; ++i) kinds[i] = Kind::kEscape;
  kinds['"'] = Kind::kEscape;
  kinds['\\'] = Kind::kEscape;
  for (size_t i = 0x80; i < 256; ++i) kinds[i] = Kind::kMultiByte;
  return kinds;
}
constexpr std::array<Kind, 256> kKinds = MakeKinds();

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"':
    case '\\':
      out->push_back('\\');
      out->push_back(c);
      return;
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      out->append("\\u00");
      out->push_back("0123456789abcdef"[static_cast<uint8_t>(c) >> 4]);
      out->push_back("0123456789abcdef"[static_cast<uint8_t>(c) & 15]);
  }
}

/// Appends what is between the quotes. `on_invalid` decides about a byte that starts no character:
/// true goes on behind it.
template <typename OnInvalid>
bool AppendInner(std::string_view text, std::string* out, OnInvalid on_invalid) {
  size_t run = 0;
  size_t i = 0;
  while (i < text.size()) {
    const Kind kind = kKinds[static_cast<uint8_t>(text[i])];
    if (kind == Kind::kPlain) {
      ++i;
      continue;
    }
    if (kind == Kind::kMultiByte) {
      if (const size_t length = Utf8CharLength(text.substr(i)); length != 0) {
        i += length;
        continue;
      }
    }
    out->append(text, run, i - run);
    if (kind == Kind::kEscape) {
      AppendEscaped(text[i], out);
    } else if (!on_invalid()) {
      return false;
    }
    run = ++i;
  }
  out->append(text, run, text.size() - run);
  return true;
}

template <typename Float>
void AppendFinite(Float value, std::string* out) {
  const Float size = std::abs(value);
  const bool exponent = size != 0 && (size < Float(1e-6) || size >= Float(1e21));
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), value,
                    exponent ? std::chars_format::scientific : std::chars_format::fixed)
          .ptr;
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  // 1e-07 is written 1e-7, as encoders in Go and JavaScript do.
  if (exponent && text.size() >= 4 && text.substr(text.size() - 4, 3) == "e-0") {
    out->append(text.substr(0, text.size() - 2));
    out->push_back(text.back());
    return;
  }
  out->append(text);
}

template <typename Float>
void AppendFloating(Float value, std::string* out) {
  if (std::isnan(value)) {
    out->append("\"NaN\"");
  } else if (std::isinf(value)) {
    out->append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  } else {
    AppendFinite(value, out);
  }
}

}  // namespace

size_t Utf8CharLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto continues = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xBF) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return continues(1) ? 2 : 0;
  if (lead < 0xF0) {
    // E0 must not be overlong, ED must not be a surrogate.
    const bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && continues(2) ? 3 : 0;
  }
  if (lead > 0xF4) return 0;
  // F0 must not be overlong, F4 must not pass U+10FFFF.
  const bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
  return second && continues(2) && continues(3) ? 4 : 0;
}

bool IsValidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8CharLength(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void AppendUtf8(uint32_t c, std::string* out) {
  const auto push = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    push(c);
  } else if (c < 0x800) {
    push(0xC0 | c >> 6);
    push(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    push(0xE0 | c >> 12);
    push(0x80 | (c >> 6 & 0x3F));
    push(0x80 | (c & 0x3F));
  } else {
    push(0xF0 | c >> 18);
    push(0x80 | (c >> 12 & 0x3F));
    push(0x80 | (c >> 6 & 0x3F));
    push(0x80 | (c & 0x3F));
  }
}

bool AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  if (!AppendInner(text, out, [] { return false; })) return false;
  out->push_back('"');
  return true;
}

void AppendInt(int64_t value, std::string* out) {
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

void AppendUint(uint64_t value, std::string* out) {
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

void AppendDouble(double value, std::string* out) { AppendFloating(value, out); }
void AppendFloat(float value, std::string* out) { AppendFloating(value, out); }

std::string QuoteShort(std::string_view text) {
  constexpr size_t kMaxShown = 40;
  size_t shown = 0;
  while (shown < text.size()) {
    const size_t length = Utf8CharLength(text.substr(shown));
    const size_t next = shown + (length == 0 ? 1 : length);
    if (next > kMaxShown) break;
    shown = next;
  }
  std::string out;
  AppendJsonString(text.substr(0, shown), &out);
  if (shown < text.size()) out.insert(out.size() - 1, "…");
  return out;
}

}  // namespace internal

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  internal::AppendInner(text, out, [out] {
    out->append("\xEF\xBF\xBD");
    return true;
  });
  out->push_back('"');
}

}  // namespace slipway::schema
