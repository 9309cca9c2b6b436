#include "client/data/json_path.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "client/data/excerpt.h"

namespace slipway::client {
namespace {

absl::Status Wrong(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "\"%s\" is no path into JSON; allowed are names, dots and brackets, as in a.b[0].c or "
      "[\"a key\"].b",
      Excerpt(text)));
}

}  // namespace

absl::StatusOr<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath path;
  path.text_ = text;
  std::string_view rest = text;
  const bool rooted = rest.substr(0, 1) == "$";
  if (rooted) rest.remove_prefix(1);
  if (rest.empty() && !rooted) return Wrong(text);
  for (bool first = !rooted; !rest.empty(); first = false) {
    Step step;
    if (rest[0] == '[') {
      const char quote = rest.size() > 1 ? rest[1] : '\0';
      const bool quoted = quote == '"' || quote == '\'';
      const std::string end = quoted ? std::string{quote, ']'} : "]";
      const size_t begin = quoted ? 2 : 1;
      const size_t close = rest.find(end, begin);
      if (close == std::string_view::npos) return Wrong(text);
      step.key = rest.substr(begin, close - begin);
      if (!quoted && (!absl::SimpleAtoi(step.key, &step.index) || step.index < 0)) {
        return Wrong(text);
      }
      rest.remove_prefix(close + end.size());
    } else {
      if (!first) {
        if (rest[0] != '.') return Wrong(text);
        rest.remove_prefix(1);
      }
      step.key = rest.substr(0, rest.find_first_of(".["));
      if (step.key.empty()) return Wrong(text);
      rest.remove_prefix(step.key.size());
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

const JsonValue* JsonPath::Find(const JsonValue& document) const {
  const JsonValue* value = &document;
  for (const Step& step : steps_) {
    value = Descend(step, *value);
    if (value == nullptr) return nullptr;
  }
  return value;
}

const JsonValue* JsonPath::Descend(const Step& step, const JsonValue& value) {
  if (step.index >= 0) {
    if (!value.has_list_value() || step.index >= value.list_value().values_size()) return nullptr;
    return &value.list_value().values(step.index);
  }
  if (!value.has_struct_value()) return nullptr;
  const auto found = value.struct_value().fields().find(step.key);
  return found == value.struct_value().fields().end() ? nullptr : &found->second;
}

}  // namespace slipway::client
