#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::client {

/// As much of `text` as fits into a message, never half a UTF-8 character.
inline std::string Excerpt(std::string_view text) {
  constexpr size_t kShown = 80;
  if (text.size() <= kShown) return std::string(text);
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace slipway::client
