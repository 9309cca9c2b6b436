#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "schema/base64.h"
#include "schema/json_reader.h"
#include "schema/json_text.h"

namespace slipway::schema::internal {

namespace {

using F = pb::FieldDescriptor;

/// A JSON number that is a whole number but written with a point or an exponent (`1.0`, `2e3`), as
/// plain digits. Exact: 64-bit integers do not pass through a double.
bool PlainDigits(std::string_view number, std::string* digits) {
  constexpr int kMaxDigits = 20;  // of any 64-bit integer
  const bool negative = !number.empty() && number[0] == '-';
  if (negative) number.remove_prefix(1);
  int exponent = 0;
  if (const size_t e = number.find_first_of("eE"); e != number.npos) {
    std::string_view text = number.substr(e + 1);
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, exponent);
    if (error != std::errc() || rest != end) return false;
    number = number.substr(0, e);
  }
  const size_t point = number.find('.');
  std::string all(number.substr(0, point));
  if (point != number.npos) {
    std::string_view fraction = number.substr(point + 1);
    while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
    all += fraction;
    if (exponent < std::numeric_limits<int>::min() + static_cast<int>(fraction.size())) {
      return false;
    }
    exponent -= static_cast<int>(fraction.size());
  }
  all.erase(0, std::min(all.find_first_not_of('0'), all.size()));
  if (all.empty()) all = "0";
  for (; exponent < 0 && all != "0"; ++exponent) {
    if (all.back() != '0') return false;
    all.pop_back();
  }
  if (all != "0" && exponent > kMaxDigits) return false;
  if (all != "0" && exponent > 0) all.append(static_cast<size_t>(exponent), '0');
  *digits = (negative ? "-" : "") + all;
  if (*digits == "-0") *digits = "0";
  return true;
}

bool IsWholeJsonNumber(std::string_view text) {
  JsonCursor cursor(text);
  std::string_view number;
  return cursor.ReadNumber(&number) && number.size() == text.size();
}

}  // namespace

JsonReader::Outcome JsonReader::ReadScalar(const FieldPlan& field, Scalar* value) {
  bool read = false;
  switch (field.cpp_type) {
    case F::CPPTYPE_ENUM:
      return ReadEnum(field, value);
    case F::CPPTYPE_BOOL:
      read = ReadBool(value);
      break;
    case F::CPPTYPE_STRING:
      read = ReadText(field, value);
      break;
    default:
      read = ReadNumeric(field, value);
  }
  return read ? Outcome::kStored : Outcome::kFailed;
}

bool JsonReader::ReadBool(Scalar* value) {
  const char c = cursor_.Peek();
  if (c != 't' && c != 'f') return BadValue(cursor_, "true or false");
  value->boolean = c == 't';
  return cursor_.ReadWord(c == 't' ? "true" : "false");
}

bool JsonReader::ReadText(const FieldPlan& field, Scalar* value) {
  if (cursor_.Peek() != '"') return BadValue(cursor_, field.is_bytes() ? "base64" : "a string");
  if (!field.is_bytes()) {
    std::string_view text;
    if (!cursor_.ReadString(&text)) return false;
    value->text.assign(text);
    return true;
  }
  std::string_view text;
  if (!cursor_.ReadString(&text)) return false;
  if (DecodeBase64(text, &value->text)) return true;
  return FailHere(QuoteShort(text) + " is not allowed: expected base64");
}

bool JsonReader::ReadNumeric(const FieldPlan& field, Scalar* value) {
  const char c = cursor_.Peek();
  const bool quoted = c == '"';
  if (!quoted && c != '-' && (c < '0' || c > '9')) return BadValue(cursor_, AllowedValues(field));
  std::string_view text;
  if (quoted ? !cursor_.ReadString(&text) : !cursor_.ReadNumber(&text)) return false;
  if (ReadNumberText(field, text, quoted, value)) return true;
  return FailHere((quoted ? QuoteShort(text) : std::string(text.substr(0, 40))) +
                  " is not allowed: expected " + AllowedValues(field));
}

bool JsonReader::ReadNumberText(const FieldPlan& field, std::string_view text, bool quoted,
                                Scalar* value) {
  const bool floating = field.cpp_type == F::CPPTYPE_DOUBLE || field.cpp_type == F::CPPTYPE_FLOAT;
  if (quoted && floating) {
    const auto set = [&](double number) {
      value->float64 = number;
      value->float32 = static_cast<float>(number);
      return true;
    };
    if (text == "NaN") return set(std::numeric_limits<double>::quiet_NaN());
    if (text == "Infinity") return set(std::numeric_limits<double>::infinity());
    if (text == "-Infinity") return set(-std::numeric_limits<double>::infinity());
  }
  if (quoted && !IsWholeJsonNumber(text)) return false;
  if (floating) return ParseFloating(field, text, /*loose=*/false, value);
  if (text != "-0" && text.find_first_of(".eE") == text.npos) {
    return ParseInteger(field, text, value);
  }
  std::string digits;
  return PlainDigits(text, &digits) && ParseInteger(field, digits, value);
}

JsonReader::Outcome JsonReader::ReadEnum(const FieldPlan& field, Scalar* value) {
  const char c = cursor_.Peek();
  if (c == 'n' && field.null_enum) {
    value->int64 = 0;
    return cursor_.ReadWord("null") ? Outcome::kStored : Outcome::kFailed;
  }
  if (c != '"') return ReadNumeric(field, value) ? Outcome::kStored : Outcome::kFailed;
  std::string_view name;
  if (!cursor_.ReadString(&name)) return Outcome::kFailed;
  if (const pb::EnumValueDescriptor* found = FindEnumName(field, name)) {
    value->int64 = found->number();
    return Outcome::kStored;
  }
  if (ignore_unknown_) return Outcome::kDropped;
  FailHere(QuoteShort(name) + " is not allowed: expected " + AllowedValues(field));
  return Outcome::kFailed;
}

}  // namespace slipway::schema::internal
