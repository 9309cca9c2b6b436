#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::schema::internal {

/// The two fields of google.protobuf.Timestamp and Duration.
struct SecondsNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

/// RFC 3339 with an upper-case T, Z or an offset, at most nine digits of a second, years 1 to 9999.
std::optional<SecondsNanos> ParseTimestamp(std::string_view text);
/// The JSON form: `1.5s`, `-0.000000001s`; at most ±315,576,000,000 s.
std::optional<SecondsNanos> ParseDuration(std::string_view text);
/// The form of Go and of configuration files: `1h30m`, `300ms`, `1.5us`; a sign; a bare `0`.
std::optional<SecondsNanos> ParseUnitDuration(std::string_view text);

/// Append without quotes, in UTC, with 0, 3, 6 or 9 digits of a second. False when out of range.
bool AppendTimestamp(SecondsNanos time, std::string* out);
bool AppendDuration(SecondsNanos duration, std::string* out);

}  // namespace slipway::schema::internal
