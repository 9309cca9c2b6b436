#include "schema/time_text.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

namespace slipway::schema::internal {

namespace {

constexpr int64_t kMinTimestamp = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315576000000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Takes exactly `count` digits off the front of `text`.
std::optional<int> TakeDigits(std::string_view* text, size_t count) {
  if (text->size() < count) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit((*text)[i])) return std::nullopt;
    value = value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(count);
  return value;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

/// Takes the 1 to 9 digits after a decimal point, as billionths.
std::optional<int32_t> TakeFraction(std::string_view* text) {
  int32_t nanos = 0;
  size_t digits = 0;
  for (; digits < text->size() && IsDigit((*text)[digits]); ++digits) {
    if (digits == 9) return std::nullopt;
    nanos = nanos * 10 + ((*text)[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  text->remove_prefix(digits);
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

/// `YYYY-MM-DD` as days since 1970.
std::optional<int64_t> TakeDate(std::string_view* text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// `HH:MM` as seconds, with hours up to `max_hour`.
std::optional<int64_t> TakeHourMinute(std::string_view* text, int max_hour) {
  const auto hour = TakeDigits(text, 2);
  if (!hour || *hour > max_hour || !Take(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  return *hour * 3600 + *minute * 60;
}

/// `Z`, `+HH:MM` or `-HH:MM` as seconds east of Greenwich; must be all that is left.
std::optional<int64_t> TakeOffset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto offset = TakeHourMinute(&text, 23);
  if (!offset || !text.empty()) return std::nullopt;
  return sign * *offset;
}

void AppendFraction(int32_t nanos, std::string* out) {
  if (nanos == 0) return;
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), ".%09d", nanos);
  const size_t digits = nanos % 1'000'000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
  out->append(buffer, digits + 1);
}

/// The value of one unit in nanoseconds, or 0. The unit is taken off `text`.
int64_t TakeUnit(std::string_view* text) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {{"ns", 1},
                                                             {"us", 1000},
                                                             {"µs", 1000},
                                                             {"μs", 1000},
                                                             {"ms", 1'000'000},
                                                             {"s", kNanosPerSecond},
                                                             {"m", 60LL * kNanosPerSecond},
                                                             {"h", 3600LL * kNanosPerSecond}};
  for (const auto& [name, nanos] : kUnits) {
    if (text->substr(0, name.size()) != name) continue;
    text->remove_prefix(name.size());
    return nanos;
  }
  return 0;
}

/// Takes one `<number><unit>` as nanoseconds.
std::optional<__int128> TakeTerm(std::string_view* text) {
  constexpr size_t kMaxDigits = 12;
  __int128 whole = 0;
  __int128 fraction = 0;
  int64_t scale = 1;
  size_t digits = 0;
  for (; !text->empty() && IsDigit(text->front()); text->remove_prefix(1)) {
    if (++digits > kMaxDigits) return std::nullopt;
    whole = whole * 10 + (text->front() - '0');
  }
  if (Take(text, '.')) {
    for (; !text->empty() && IsDigit(text->front()); text->remove_prefix(1)) {
      ++digits;
      if (scale >= kNanosPerSecond) continue;  // digits that no nanosecond shows
      fraction = fraction * 10 + (text->front() - '0');
      scale *= 10;
    }
  }
  const int64_t unit = digits == 0 ? 0 : TakeUnit(text);
  if (unit == 0) return std::nullopt;
  return whole * unit + fraction * unit / scale;
}

}  // namespace

std::optional<SecondsNanos> ParseTimestamp(std::string_view text) {
  const auto days = TakeDate(&text);
  if (!days || !Take(&text, 'T')) return std::nullopt;
  const auto time = TakeHourMinute(&text, 23);
  if (!time || !Take(&text, ':')) return std::nullopt;
  const auto second = TakeDigits(&text, 2);
  if (!second || *second > 59) return std::nullopt;
  SecondsNanos result;
  if (Take(&text, '.')) {
    const auto nanos = TakeFraction(&text);
    if (!nanos) return std::nullopt;
    result.nanos = *nanos;
  }
  const auto offset = TakeOffset(text);
  if (!offset) return std::nullopt;
  result.seconds = *days * 86400 + *time + *second - *offset;
  if (result.seconds < kMinTimestamp || result.seconds > kMaxTimestamp) return std::nullopt;
  return result;
}

std::optional<SecondsNanos> ParseDuration(std::string_view text) {
  const bool negative = Take(&text, '-');
  SecondsNanos result;
  const char* end = text.data() + text.size();
  if (text.empty() || !IsDigit(text[0])) return std::nullopt;
  const auto [rest, error] = std::from_chars(text.data(), end, result.seconds);
  if (error != std::errc() || result.seconds > kMaxDuration) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(rest - text.data()));
  if (Take(&text, '.')) {
    const auto nanos = TakeFraction(&text);
    if (!nanos) return std::nullopt;
    result.nanos = *nanos;
  }
  if (text != "s" || (result.seconds == kMaxDuration && result.nanos > 0)) return std::nullopt;
  if (negative) result = {-result.seconds, -result.nanos};
  return result;
}

std::optional<SecondsNanos> ParseUnitDuration(std::string_view text) {
  const bool negative = Take(&text, '-');
  if (!negative) Take(&text, '+');
  if (text == "0") return SecondsNanos{};
  if (text.empty()) return std::nullopt;
  __int128 nanos = 0;
  while (!text.empty()) {
    const auto term = TakeTerm(&text);
    if (!term) return std::nullopt;
    nanos += *term;
    if (nanos > static_cast<__int128>(kMaxDuration) * kNanosPerSecond) return std::nullopt;
  }
  if (negative) nanos = -nanos;
  return SecondsNanos{static_cast<int64_t>(nanos / kNanosPerSecond),
                      static_cast<int32_t>(nanos % kNanosPerSecond)};
}

bool AppendTimestamp(SecondsNanos time, std::string* out) {
  if (time.seconds < kMinTimestamp || time.seconds > kMaxTimestamp || time.nanos < 0 ||
      time.nanos >= kNanosPerSecond) {
    return false;
  }
  const std::chrono::sys_seconds when{std::chrono::seconds(time.seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(when - day);
  char buffer[64];
  const int size = std::snprintf(
      buffer, sizeof(buffer), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  out->append(buffer, static_cast<size_t>(size));
  AppendFraction(time.nanos, out);
  out->push_back('Z');
  return true;
}

bool AppendDuration(SecondsNanos duration, std::string* out) {
  const auto [seconds, nanos] = duration;
  const bool signs_differ = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
  if (signs_differ || seconds < -kMaxDuration || seconds > kMaxDuration ||
      nanos <= -kNanosPerSecond || nanos >= kNanosPerSecond) {
    return false;
  }
  if (seconds < 0 || nanos < 0) out->push_back('-');
  char buffer[24];
  out->append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), std::abs(seconds)).ptr);
  AppendFraction(std::abs(nanos), out);
  out->push_back('s');
  return true;
}

}  // namespace slipway::schema::internal
