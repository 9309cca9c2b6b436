#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

namespace slipway::fuzz {

/// Ends the program when a property does not hold; whoever runs the target keeps its input then.
inline void Check(bool holds, std::string_view property, std::string_view found = {}) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s %s\n", std::string(property).c_str(),
               std::string(found).c_str());
  std::abort();
}

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// How an input is cut into pieces before a parser gets it: all at once, each byte alone, or at
/// places that follow from the input itself, so that a finding is found again.
enum class Cut { kNowhere, kEverywhere, kSomewhere };

/// Calls `use` with each piece, none of which is empty.
inline void ForEachPiece(std::string_view text, Cut cut,
                         const std::function<void(std::string_view)>& use) {
  uint64_t random = std::hash<std::string_view>()(text);
  while (!text.empty()) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const size_t wanted = cut == Cut::kNowhere      ? text.size()
                          : cut == Cut::kEverywhere ? 1
                                                    : 1 + (random >> 33) % 40;
    const std::string_view piece = text.substr(0, wanted);
    use(piece);
    text.remove_prefix(piece.size());
  }
}

}  // namespace slipway::fuzz
