#include "client/report/format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace slipway::client {
namespace {

/// `value` with three significant digits, thousands separated.
std::string ThreeDigits(double value) {
  const double size = std::abs(value);
  if (size >= 99.95) return FormatCount(std::llround(value));
  return absl::StrFormat("%.*f", size >= 9.995 ? 1 : size >= 0.9995 || size == 0 ? 2 : 3, value);
}

std::string WithUnit(double value, double step, const std::vector<std::string_view>& units) {
  size_t unit = 0;
  while (unit + 1 < units.size() && value >= step * 0.9995) {
    value /= step;
    ++unit;
  }
  // The smallest units have no parts.
  const std::string number = unit == 0 ? FormatCount(std::llround(value)) : ThreeDigits(value);
  return absl::StrCat(number, " ", std::string(units[unit]));
}

}  // namespace

std::string FormatCount(int64_t count) {
  std::string digits = absl::StrCat(count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t end = digits.size(); end > first + 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
  return WithUnit(static_cast<double>(duration.count()), 1000, {"ns", "µs", "ms", "s"});
}

std::string FormatNanoseconds(double ns) {
  return FormatDuration(std::chrono::nanoseconds(std::llround(ns)));
}

std::string FormatBytes(double bytes) {
  return WithUnit(bytes, 1000, {"B", "kB", "MB", "GB", "TB"});
}

std::string FormatNumber(double number) { return ThreeDigits(number); }

std::string FormatRatio(double ratio) {
  if (ratio < 0.0995 || ratio >= 9.995) return ThreeDigits(ratio);
  return absl::StrFormat("%.2f", ratio);
}

std::string FormatShare(double share) {
  const double percent = share * 100;
  if (percent > 0 && percent < 0.095) return absl::StrFormat("%.2g %%", percent);
  return absl::StrFormat(percent > 0 && percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
}

size_t DisplayWidth(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

std::string ForTerminal(std::string text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == 0xc2 && next >= 0x80 && next < 0xa0) text.replace(i, 2, "?");
    if ((byte < ' ' && byte != '\n') || byte == 0x7f) text[i] = '?';
  }
  return text;
}

std::string Wrapped(std::string_view text, size_t width, std::string_view first,
                    std::string_view other) {
  std::string lines;
  std::string line(first);
  bool has_words = false;
  while (!text.empty()) {
    size_t blank = std::min(text.find(' '), text.size());
    // A number and its unit stay together.
    if (text.substr(blank).starts_with(" %")) {
      blank = std::min(text.find(' ', blank + 1), text.size());
    }
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (has_words && DisplayWidth(line) + 1 + DisplayWidth(word) > width) {
      absl::StrAppend(&lines, line, "\n");
      line = other;
      has_words = false;
    }
    absl::StrAppend(&line, has_words ? " " : "", std::string(word));
    has_words = true;
  }
  return absl::StrCat(lines, line, "\n");
}

bool TextTable::IsLeft(size_t column) const {
  return column == 0 || std::find(left_.begin(), left_.end(), column) != left_.end();
}

std::string TextTable::ToString(std::string_view indent) const {
  std::vector<size_t> widths;
  for (const Row& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const Row& row : rows_) {
    std::string line(indent);
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - DisplayWidth(row[i]), ' ');
      if (i > 0) line += "  ";
      line += IsLeft(i) ? row[i] + padding : padding + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace slipway::client
