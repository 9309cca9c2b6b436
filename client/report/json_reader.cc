#include "client/report/json_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr double kMostSeconds = 1e9;

std::string_view TypeName(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return "a number";
    case Value::kStringValue:
      return "a string";
    case Value::kBoolValue:
      return "a boolean";
    case Value::kStructValue:
      return "an object";
    case Value::kListValue:
      return "an array";
    default:
      return "null";
  }
}

std::string Wanted(std::string_view wanted, const Value& value) {
  return absl::StrCat("must be ", std::string(wanted), ", not ", std::string(TypeName(value)));
}

}  // namespace

JsonObject::JsonObject(const Value* value, std::string path, absl::Status* status)
    : object_(&Struct::default_instance()), path_(std::move(path)), status_(status) {
  if (value == nullptr) return;
  if (value->has_struct_value()) {
    object_ = &value->struct_value();
  } else {
    Fail("", Wanted("an object", *value));
  }
}

bool JsonObject::IsString(std::string_view key) const {
  const Value* const value = Find(key);
  return value != nullptr && value->has_string_value();
}

void JsonObject::Require(std::string_view key) const {
  if (!Has(key)) Fail(key, "is missing");
}

const Value* JsonObject::Find(std::string_view key) const {
  if (!status_->ok()) return nullptr;
  const auto found = object_->fields().find(std::string(key));
  if (found == object_->fields().end() || found->second.has_null_value()) return nullptr;
  return &found->second;
}

std::string JsonObject::String(std::string_view key) const {
  const Value* const value = Find(key);
  if (value == nullptr) return "";
  if (!value->has_string_value()) Fail(key, Wanted("a string", *value));
  return value->string_value();
}

const ListValue& JsonObject::List(std::string_view key) const {
  const Value* const value = Find(key);
  if (value == nullptr) return ListValue::default_instance();
  if (!value->has_list_value()) Fail(key, Wanted("an array", *value));
  return value->list_value();
}

std::vector<std::string> JsonObject::Strings(std::string_view key) const {
  std::vector<std::string> strings;
  for (const Value& value : List(key).values()) {
    if (!value.has_string_value()) {
      Fail(absl::StrCat(std::string(key), "[", strings.size(), "]"), Wanted("a string", value));
      break;
    }
    strings.push_back(value.string_value());
  }
  return strings;
}

std::vector<std::vector<std::string>> JsonObject::Rows(std::string_view key) const {
  std::vector<std::vector<std::string>> rows;
  for (const Value& row : List(key).values()) {
    Value object;  // an object with the row as its only field, so that Strings can read it
    const std::string name = absl::StrCat(std::string(key), "[", rows.size(), "]");
    (*object.mutable_struct_value()->mutable_fields())[name] = row;
    rows.push_back(JsonObject(&object, path_, status_).Strings(name));
  }
  return rows;
}

bool JsonObject::Bool(std::string_view key) const {
  const Value* const value = Find(key);
  if (value == nullptr) return false;
  if (!value->has_bool_value()) Fail(key, Wanted("true or false", *value));
  return value->bool_value();
}

int64_t JsonObject::Int(std::string_view key, int64_t least, int64_t most, int64_t absent) const {
  if (!Has(key)) return absent;
  const double number = Number(key, static_cast<double>(least), static_cast<double>(most));
  if (!status_->ok()) return absent;
  if (number != std::floor(number)) {
    Fail(key, absl::StrCat("must be a whole number, not ", number));
    return absent;
  }
  return static_cast<int64_t>(number);
}

int64_t JsonObject::Count(std::string_view key) const { return Int(key, 0, kMostCount); }

double JsonObject::Number(std::string_view key, double least, double most) const {
  const Value* const value = Find(key);
  if (value == nullptr) return 0;
  if (!value->has_number_value()) {
    Fail(key, Wanted("a number", *value));
    return 0;
  }
  const double number = value->number_value();
  if (!(number >= least && number <= most)) {  // NaN is neither
    Fail(key, absl::StrCat("must be from ", least, " to ", most, ", not ", number));
    return 0;
  }
  return number;
}

std::chrono::nanoseconds JsonObject::Seconds(std::string_view key) const {
  return std::chrono::nanoseconds(std::llround(Number(key, 0, kMostSeconds) * 1e9));
}

JsonObject JsonObject::Object(std::string_view key) const {
  return JsonObject(Find(key), PathOf(key), status_);
}

void JsonObject::ForEach(std::string_view key,
                         const std::function<void(const JsonObject&)>& use) const {
  int index = 0;
  for (const Value& value : List(key).values()) {
    const JsonObject object(&value, absl::StrCat(PathOf(key), "[", index++, "]"), status_);
    if (!status_->ok()) return;
    use(object);
  }
}

std::vector<std::string> JsonObject::Keys() const {
  std::vector<std::string> keys;
  for (const auto& field : object_->fields()) keys.push_back(field.first);
  std::sort(keys.begin(), keys.end());
  return keys;
}

void JsonObject::Fail(std::string_view key, std::string_view problem) const {
  if (!status_->ok()) return;
  const std::string path = PathOf(key);
  *status_ = absl::InvalidArgumentError(
      absl::StrCat(path.empty() ? std::string("the report") : path, ": ", std::string(problem)));
}

std::string JsonObject::PathOf(std::string_view key) const {
  return absl::StrCat(path_, path_.empty() || key.empty() ? "" : ".", std::string(key));
}

}  // namespace slipway::client
