#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::client {

/// `1,234,567`
std::string FormatCount(int64_t count);
/// Three digits and a unit: `950 ns`, `12.3 µs`, `1.23 ms`, `45.6 s`, `1,234 s`.
std::string FormatDuration(std::chrono::nanoseconds duration);
/// The same of a computed number of nanoseconds.
std::string FormatNanoseconds(double ns);
/// Three digits and a decimal unit: `950 B`, `12.3 kB`, `1.23 MB`.
std::string FormatBytes(double bytes);
/// At least three digits, thousands separated: `0.123`, `45.6`, `41,234`.
std::string FormatNumber(double number);
/// Of two values: `1.42`, `0.61`, `0.042`, `12.3`.
std::string FormatRatio(double ratio);
/// `76 %`, of 1; `0.05 %` when it is little.
std::string FormatShare(double share);
/// As how many columns a terminal shows UTF-8 `text` without wide characters.
size_t DisplayWidth(std::string_view text);

/// `text` without what a terminal would obey: of control characters, also of those that UTF-8
/// writes in two bytes (U+0080 to U+009F), only the ends of lines are left, the others become `?`.
std::string ForTerminal(std::string text);

/// Stands for a value that is not known.
inline constexpr char kUnknown[] = "–";
/// `text` in lines of at most `width` columns, as far as its words allow; the first begins with
/// `first`, the others with `other`.
std::string Wrapped(std::string_view text, size_t width, std::string_view first,
                    std::string_view other);

/// Lines up columns of text: the first to the left, the others to the right, unless SetLeft says
/// else.
class TextTable {
 public:
  using Row = std::vector<std::string>;
  void Add(Row row) { rows_.push_back(std::move(row)); }
  void SetLeft(size_t column) { left_.push_back(column); }
  /// One line for each row, each beginning with `indent`; nothing at the ends of lines.
  std::string ToString(std::string_view indent) const;

 private:
  bool IsLeft(size_t column) const;

  std::vector<Row> rows_;
  std::vector<size_t> left_;
};

}  // namespace slipway::client
