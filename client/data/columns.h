#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::client {

/// A file of rows that templates take their values from, loaded whole. Immutable; any thread.
class Columns {
 public:
  /// Comma-separated values (RFC 4180) with a header line, lines ending with LF or CRLF; empty
  /// lines are skipped. INVALID_ARGUMENT names `path` and the line.
  static absl::StatusOr<std::shared_ptr<const Columns>> LoadCsv(const std::string& path);
  /// A JSON object on each line; empty lines are skipped. The members of the first one are the
  /// columns, all others must have them too. Strings are as they are, everything else is JSON.
  /// INVALID_ARGUMENT names `path` and the line.
  static absl::StatusOr<std::shared_ptr<const Columns>> LoadJsonLines(const std::string& path);

  /// The same for `text`, which errors name `source`.
  static absl::StatusOr<Columns> ParseCsv(std::string_view text, const std::string& source);
  static absl::StatusOr<Columns> ParseJsonLines(std::string_view text, const std::string& source);

  const std::vector<std::string>& names() const { return names_; }
  /// At least 1.
  size_t rows() const { return cells_.size() / names_.size(); }
  /// The values of row `index`, from 0, in the order of names().
  std::span<const std::string> row(size_t index) const {
    return std::span(cells_).subspan(index * names_.size(), names_.size());
  }

 private:
  class CsvReader;
  absl::Status Check(const std::string& source) const;

  std::vector<std::string> names_;
  std::vector<std::string> cells_;  // row after row
};

}  // namespace slipway::client
