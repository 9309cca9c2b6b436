#pragma once

#include <string>

#include "absl/strings/escaping.h"
#include "schema/json_text.h"

namespace slipway::jobs {

/// `text` if it is UTF-8, else with what is not ASCII escaped as in C. A protobuf string that is no
/// UTF-8 can be written but not read, and has no JSON form.
inline std::string ReadableText(const std::string& text) {
  return schema::internal::IsValidUtf8(text) ? text : absl::CHexEscape(text);
}

}  // namespace slipway::jobs
