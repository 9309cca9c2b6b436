#include "client/command/reproduce_json.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/data/json_value.h"

namespace slipway::client {

absl::StatusOr<JsonArray> ParseJsonArray(const std::string& text) {
  absl::StatusOr<JsonValue> value = ParseJson(text);
  if (value.ok() && value->has_list_value()) return std::move(*value->mutable_list_value());
  return absl::UnavailableError(absl::StrCat("no JSON array: ", text.substr(0, 200)));
}

std::string MemberText(const JsonValue& object, const std::string& name) {
  const auto& members = object.struct_value().fields();
  const auto found = members.find(name);
  return found == members.end() ? std::string() : found->second.string_value();
}

}  // namespace slipway::client
