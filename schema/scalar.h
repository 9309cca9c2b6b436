#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/plan.h"

namespace slipway::schema::internal {

/// A value on its way from text to a field that is no message. Which member counts is decided by
/// the field's C++ type; 32-bit integers and enums travel in `int64` and `uint64`, in range
/// already.
struct Scalar {
  int64_t int64 = 0;
  uint64_t uint64 = 0;
  double float64 = 0;
  float float32 = 0;
  bool boolean = false;
  std::string text;
};

/// Sets `field` of `message`, or adds an element when the field is repeated. Takes the text.
void StoreScalar(const FieldPlan& field, Scalar* value, pb::Message* message);

/// Decimal with an optional minus (and plus, if `plus`), within the field's range.
bool ParseInteger(const FieldPlan& field, std::string_view text, Scalar* value);
/// A decimal or, if `loose`, also a hexadecimal number, `inf`, `nan` in any case, a leading plus,
/// as Go reads floats. False when it is out of range; a number too small becomes 0.
bool ParseFloating(const FieldPlan& field, std::string_view text, bool loose, Scalar* value);
/// By name; nullptr when the enum has none like that.
const pb::EnumValueDescriptor* FindEnumName(const FieldPlan& field, std::string_view name);

/// The text of a path variable, a query parameter or a map's key. False when it does not convert.
bool ScalarFromText(const FieldPlan& field, std::string_view text, Scalar* value);
/// The key of a map in JSON: stricter about bool than ScalarFromText.
bool ScalarFromMapKey(const FieldPlan& field, std::string_view text, Scalar* value);

/// What a value of the field may be, for error messages: `a whole number from 0 to 255`.
std::string AllowedValues(const FieldPlan& field);

}  // namespace slipway::schema::internal
