#include "jobs/delivery/object_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "schema/json.h"

namespace slipway::jobs {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;
using Members = std::vector<std::pair<std::string_view, std::string>>;

// The depth of what comes here is bounded by the parser that read it.
void AppendValue(const Value& value, std::string& out);

void AppendNumber(double number, std::string& out) {
  std::array<char, 32> text;
  const auto result = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), result.ptr);
}

void AppendName(std::string_view name, std::string& out) {
  if (out.back() != '{') out.push_back(',');
  schema::AppendJsonString(name, &out);
  out.push_back(':');
}

void AppendObject(const Struct& object, const Members& members, std::string& out) {
  std::vector<const google::protobuf::Map<std::string, Value>::value_type*> sorted;
  for (const auto& field : object.fields()) {
    const bool replaced = std::any_of(members.begin(), members.end(), [&field](const auto& member) {
      return member.first == field.first;
    });
    if (!replaced) sorted.push_back(&field);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* left, const auto* right) { return left->first < right->first; });
  out.push_back('{');
  for (const auto* field : sorted) {
    AppendName(field->first, out);
    AppendValue(field->second, out);
  }
  for (const auto& [name, json] : members) {
    AppendName(name, out);
    out += json;
  }
  out.push_back('}');
}

void AppendList(const google::protobuf::ListValue& list, std::string& out) {
  out.push_back('[');
  for (const Value& value : list.values()) {
    if (out.back() != '[') out.push_back(',');
    AppendValue(value, out);
  }
  out.push_back(']');
}

void AppendValue(const Value& value, std::string& out) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      return AppendNumber(value.number_value(), out);
    case Value::kStringValue:
      return schema::AppendJsonString(value.string_value(), &out);
    case Value::kBoolValue:
      out += value.bool_value() ? "true" : "false";
      return;
    case Value::kStructValue:
      return AppendObject(value.struct_value(), {}, out);
    case Value::kListValue:
      return AppendList(value.list_value(), out);
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  out += "null";
}

bool IsFiniteValue(const Value& value) {
  if (value.has_number_value()) return std::isfinite(value.number_value());
  if (value.has_struct_value()) return IsFinite(value.struct_value());
  const auto& list = value.list_value().values();
  return std::all_of(list.begin(), list.end(), IsFiniteValue);
}

}  // namespace

std::string ObjectJson(const Struct& object, const Members& members) {
  std::string out;
  AppendObject(object, members, out);
  return out;
}

bool IsFinite(const Struct& object) {
  return std::all_of(object.fields().begin(), object.fields().end(),
                     [](const auto& field) { return IsFiniteValue(field.second); });
}

}  // namespace slipway::jobs
