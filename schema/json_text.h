#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::schema::internal {

/// Length in bytes (1 to 4) of the UTF-8 character at the start of `text`, or 0 when there is none
/// that is valid (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). `text` must not be
/// empty.
size_t Utf8CharLength(std::string_view text);
bool IsValidUtf8(std::string_view text);

/// Appends a code point up to U+10FFFF as UTF-8.
void AppendUtf8(uint32_t code_point, std::string* out);

/// Appends `text` as a JSON string with quotes; false, and nothing usable appended, when it is no
/// UTF-8.
bool AppendQuoted(std::string_view text, std::string* out);

void AppendInt(int64_t value, std::string* out);
void AppendUint(uint64_t value, std::string* out);

/// The shortest text that reads back as the same number, in ECMAScript's layout: exponents below
/// 1e-6 and from 1e21. NaN and infinities become the strings "NaN", "Infinity", "-Infinity" with
/// quotes.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);

/// For error messages: `text` in quotes, at most 40 bytes of it, anything unprintable escaped.
std::string QuoteShort(std::string_view text);

}  // namespace slipway::schema::internal
