#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/json_value.h"

namespace slipway::client {

/// Where in a JSON document something is: `a.b[0].c`, `["a key"].b`, each also with `$.` before it;
/// `$` is the whole document. Immutable; any thread.
class JsonPath {
 public:
  /// INVALID_ARGUMENT names the text and what is allowed.
  static absl::StatusOr<JsonPath> Parse(std::string_view text);

  /// nullptr when nothing is there.
  const JsonValue* Find(const JsonValue& document) const;
  /// As it was given.
  const std::string& text() const { return text_; }

 private:
  struct Step {
    std::string key;
    int index = -1;  // negative: the key
  };
  static const JsonValue* Descend(const Step& step, const JsonValue& value);

  std::string text_;
  std::vector<Step> steps_;
};

}  // namespace slipway::client
