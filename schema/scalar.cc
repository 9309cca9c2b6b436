#include "schema/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "schema/base64.h"
#include "schema/json_text.h"

namespace slipway::schema::internal {

namespace {

using F = pb::FieldDescriptor;

template <typename Int>
bool ParseInRange(std::string_view text, Int* value) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && rest == end;
}

template <typename Float>
bool ParseFloat(std::string_view text, bool loose, Float* value) {
  if (loose && !text.empty() && text[0] == '+') text.remove_prefix(1);
  const bool negative = !text.empty() && text[0] == '-';
  std::string_view digits = negative ? text.substr(1) : text;
  if (digits.empty() || digits[0] == '+' || digits[0] == '-') return false;
  absl::chars_format format = absl::chars_format::general;
  if (loose && digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X')) {
    digits.remove_prefix(2);
    format = absl::chars_format::hex;
    if (digits.find_first_of("pP") == digits.npos) return false;
  } else if (!loose && digits.find_first_not_of("0123456789.eE+-") != digits.npos) {
    return false;
  }
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = absl::from_chars(digits.data(), end, *value, format);
  if (rest != end || error == std::errc::invalid_argument) return false;
  // Out of range is an error above only: a number too small to be told from zero is zero. absl
  // yields the largest number for the one and at most the smallest normal for the other.
  if (error == std::errc::result_out_of_range && *value > 1) return false;
  if (negative) *value = -*value;
  return true;
}

template <typename Int>
std::string WholeNumbers() {
  return "a whole number from " + std::to_string(std::numeric_limits<Int>::min()) + " to " +
         std::to_string(std::numeric_limits<Int>::max());
}

std::string EnumNames(const pb::EnumDescriptor* type) {
  constexpr int kMaxShown = 12;
  std::string names = "one of ";
  for (int i = 0; i < type->value_count() && i < kMaxShown; ++i) {
    if (i > 0) names += ", ";
    names += type->value(i)->name();
  }
  return names + (type->value_count() > kMaxShown ? ", …" : "");
}

bool BoolFromText(std::string_view text, Scalar* value) {
  for (const std::string_view yes : {"1", "t", "T", "true", "True", "TRUE"}) {
    if (text == yes) return value->boolean = true;
  }
  value->boolean = false;
  for (const std::string_view no : {"0", "f", "F", "false", "False", "FALSE"}) {
    if (text == no) return true;
  }
  return false;
}

bool EnumFromText(const FieldPlan& field, std::string_view text, Scalar* value) {
  const pb::EnumValueDescriptor* found = FindEnumName(field, text);
  if (found == nullptr) {
    int32_t number = 0;
    if (!ParseInRange(text, &number)) return false;
    found = field.field->enum_type()->FindValueByNumber(number);
  }
  if (found == nullptr) return false;
  value->int64 = found->number();
  return true;
}

bool TextFromText(const FieldPlan& field, std::string_view text, Scalar* value) {
  if (field.is_bytes()) return DecodeBase64(text, &value->text);
  if (!IsValidUtf8(text)) return false;
  value->text.assign(text);
  return true;
}

}  // namespace

void StoreScalar(const FieldPlan& field, Scalar* value, pb::Message* message) {
  const pb::Reflection* to = message->GetReflection();
  const F* f = field.field;
  const bool add = field.repeated;
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32: {
      const auto number = static_cast<int32_t>(value->int64);
      return add ? to->AddInt32(message, f, number) : to->SetInt32(message, f, number);
    }
    case F::CPPTYPE_INT64:
      return add ? to->AddInt64(message, f, value->int64) : to->SetInt64(message, f, value->int64);
    case F::CPPTYPE_UINT32: {
      const auto number = static_cast<uint32_t>(value->uint64);
      return add ? to->AddUInt32(message, f, number) : to->SetUInt32(message, f, number);
    }
    case F::CPPTYPE_UINT64:
      return add ? to->AddUInt64(message, f, value->uint64)
                 : to->SetUInt64(message, f, value->uint64);
    case F::CPPTYPE_DOUBLE:
      return add ? to->AddDouble(message, f, value->float64)
                 : to->SetDouble(message, f, value->float64);
    case F::CPPTYPE_FLOAT:
      return add ? to->AddFloat(message, f, value->float32)
                 : to->SetFloat(message, f, value->float32);
    case F::CPPTYPE_BOOL:
      return add ? to->AddBool(message, f, value->boolean)
                 : to->SetBool(message, f, value->boolean);
    case F::CPPTYPE_ENUM: {
      const auto number = static_cast<int>(value->int64);
      return add ? to->AddEnumValue(message, f, number) : to->SetEnumValue(message, f, number);
    }
    case F::CPPTYPE_STRING:
      return add ? to->AddString(message, f, std::move(value->text))
                 : to->SetString(message, f, std::move(value->text));
    case F::CPPTYPE_MESSAGE:
      return;
  }
}

bool ParseInteger(const FieldPlan& field, std::string_view text, Scalar* value) {
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32:
    case F::CPPTYPE_ENUM: {
      int32_t number = 0;
      if (!ParseInRange(text, &number)) return false;
      value->int64 = number;
      return true;
    }
    case F::CPPTYPE_INT64:
      return ParseInRange(text, &value->int64);
    case F::CPPTYPE_UINT32: {
      uint32_t number = 0;
      if (!ParseInRange(text, &number)) return false;
      value->uint64 = number;
      return true;
    }
    case F::CPPTYPE_UINT64:
      return ParseInRange(text, &value->uint64);
    default:
      return false;
  }
}

bool ParseFloating(const FieldPlan& field, std::string_view text, bool loose, Scalar* value) {
  return field.cpp_type == F::CPPTYPE_DOUBLE ? ParseFloat(text, loose, &value->float64)
                                             : ParseFloat(text, loose, &value->float32);
}

const pb::EnumValueDescriptor* FindEnumName(const FieldPlan& field, std::string_view name) {
  return field.field->enum_type()->FindValueByName(std::string(name));
}

bool ScalarFromText(const FieldPlan& field, std::string_view text, Scalar* value) {
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32:
    case F::CPPTYPE_INT64:
      if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
      return ParseInteger(field, text, value);
    case F::CPPTYPE_UINT32:
    case F::CPPTYPE_UINT64:
      return ParseInteger(field, text, value);
    case F::CPPTYPE_DOUBLE:
    case F::CPPTYPE_FLOAT:
      return ParseFloating(field, text, /*loose=*/true, value);
    case F::CPPTYPE_BOOL:
      return BoolFromText(text, value);
    case F::CPPTYPE_ENUM:
      return EnumFromText(field, text, value);
    case F::CPPTYPE_STRING:
      return TextFromText(field, text, value);
    case F::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}

bool ScalarFromMapKey(const FieldPlan& field, std::string_view text, Scalar* value) {
  if (field.cpp_type != F::CPPTYPE_BOOL) return ScalarFromText(field, text, value);
  value->boolean = text == "true";
  return value->boolean || text == "false";
}

std::string AllowedValues(const FieldPlan& field) {
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32:
      return WholeNumbers<int32_t>();
    case F::CPPTYPE_INT64:
      return WholeNumbers<int64_t>();
    case F::CPPTYPE_UINT32:
      return WholeNumbers<uint32_t>();
    case F::CPPTYPE_UINT64:
      return WholeNumbers<uint64_t>();
    case F::CPPTYPE_DOUBLE:
      return "a number";
    case F::CPPTYPE_FLOAT:
      return "a number in the range of a 32-bit float";
    case F::CPPTYPE_BOOL:
      return "true or false";
    case F::CPPTYPE_ENUM:
      return EnumNames(field.field->enum_type());
    case F::CPPTYPE_STRING:
      return field.is_bytes() ? "base64" : "UTF-8 text";
    case F::CPPTYPE_MESSAGE:
      break;
  }
  switch (field.message->known) {
    case WellKnown::kTimestamp:
      return "a time like 2030-01-31T09:30:00Z, years 0001 to 9999";
    case WellKnown::kDuration:
      return "a duration like 1.5s, at most 315576000000s";
    case WellKnown::kFieldMask:
      return "field paths separated by commas";
    case WellKnown::kWrapper:
      return AllowedValues(field.message->fields[0]);
    case WellKnown::kStruct:
      return "a JSON object";
    case WellKnown::kListValue:
      return "a JSON array";
    case WellKnown::kValue:
      return "a JSON value";
    case WellKnown::kAny:
      return "a JSON object with \"@type\"";
    case WellKnown::kNone:
    case WellKnown::kEmpty:
      break;
  }
  return "a JSON object (" + field.message->descriptor->full_name() + ")";
}

}  // namespace slipway::schema::internal
