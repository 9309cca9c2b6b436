#include "base/json_depth.h"

#include <algorithm>
#include <cstddef>

namespace slipway::base {

int JsonDepth(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  char quote = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace slipway::base
