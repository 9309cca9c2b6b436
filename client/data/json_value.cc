#include "client/data/json_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/json_depth.h"
#include "base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "schema/json.h"

namespace slipway::client {
namespace {

/// The parser's own limit is higher, but its time grows faster than the square of the depth, and it
/// is the load's thread that it takes.
constexpr int kMostDepth = 32;

absl::Status AppendJson(const JsonValue& value, std::string* out);

absl::Status AppendNumber(double number, std::string* out) {
  constexpr double kExact = 9007199254740992;  // 2^53
  char digits[32];
  if (std::trunc(number) != number) {
    out->append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
    return absl::OkStatus();
  }
  if (!(std::abs(number) < kExact)) {
    return absl::InvalidArgumentError(
        "numbers from 2^53 on may have lost digits; allowed is to have them as strings");
  }
  const auto integer = static_cast<int64_t>(number);
  out->append(digits, std::to_chars(digits, digits + sizeof(digits), integer).ptr);
  return absl::OkStatus();
}

absl::Status AppendList(const google::protobuf::ListValue& list, std::string* out) {
  out->push_back('[');
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) out->push_back(',');
    SLIPWAY_RETURN_IF_ERROR(AppendJson(list.values(i), out));
  }
  out->push_back(']');
  return absl::OkStatus();
}

absl::Status AppendObject(const google::protobuf::Struct& object, std::string* out) {
  // In the order of the names: the map itself has none, and texts are compared.
  std::vector<std::string_view> names;
  for (const auto& [name, value] : object.fields()) names.push_back(name);
  std::sort(names.begin(), names.end());
  out->push_back('{');
  for (const std::string_view name : names) {
    if (out->back() != '{') out->push_back(',');
    schema::AppendJsonString(name, out);
    out->push_back(':');
    SLIPWAY_RETURN_IF_ERROR(AppendJson(object.fields().at(std::string(name)), out));
  }
  out->push_back('}');
  return absl::OkStatus();
}

absl::Status AppendJson(const JsonValue& value, std::string* out) {
  switch (value.kind_case()) {
    case JsonValue::kStringValue:
      schema::AppendJsonString(value.string_value(), out);
      return absl::OkStatus();
    case JsonValue::kNumberValue:
      return AppendNumber(value.number_value(), out);
    case JsonValue::kBoolValue:
      out->append(value.bool_value() ? "true" : "false");
      return absl::OkStatus();
    case JsonValue::kListValue:
      return AppendList(value.list_value(), out);
    case JsonValue::kStructValue:
      return AppendObject(value.struct_value(), out);
    case JsonValue::kNullValue:
    case JsonValue::KIND_NOT_SET:
      break;
  }
  out->append("null");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonValue> ParseJson(std::string_view text) {
  if (base::JsonDepth(text) > kMostDepth) {
    return absl::InvalidArgumentError(absl::StrCat("nested deeper than ", kMostDepth));
  }
  JsonValue value;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &value);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("no JSON: ", status.message().ToString()));
  }
  if (value.kind_case() == JsonValue::KIND_NOT_SET) {
    return absl::InvalidArgumentError("no JSON: nothing is there");
  }
  return value;
}

absl::StatusOr<std::string> TextOf(const JsonValue& value) {
  if (value.kind_case() == JsonValue::kStringValue) return value.string_value();
  std::string text;
  SLIPWAY_RETURN_IF_ERROR(AppendJson(value, &text));
  return text;
}

}  // namespace slipway::client
