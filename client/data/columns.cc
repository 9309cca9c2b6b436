#include "client/data/columns.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/data/json_value.h"
#include "client/data/read_file.h"

namespace slipway::client {
namespace {

absl::Status WrongLine(const std::string& source, size_t line, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrFormat("%s:%d: %s", source, line, what));
}

using Parse = absl::StatusOr<Columns> (*)(std::string_view text, const std::string& source);

absl::StatusOr<std::shared_ptr<const Columns>> Load(const std::string& path, Parse parse) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  SLIPWAY_ASSIGN_OR_RETURN(Columns columns, parse(text, path));
  return std::make_shared<const Columns>(std::move(columns));
}

/// The byte order mark that spreadsheets write is no part of the first name.
std::string_view WithoutMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.substr(0, kMark.size()) == kMark) text.remove_prefix(kMark.size());
  return text;
}

}  // namespace

/// Reads one record after the other.
class Columns::CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  /// False when there is no more. Empty lines are skipped.
  absl::StatusOr<bool> Next(std::vector<std::string>* fields) {
    while (position_ < text_.size() && SkipLineEnd()) {
    }
    fields->clear();
    record_line_ = line_;
    if (position_ == text_.size()) return false;
    while (true) {
      fields->emplace_back();
      SLIPWAY_RETURN_IF_ERROR(ReadField(&fields->back()));
      if (position_ == text_.size() || SkipLineEnd()) return true;
      ++position_;  // the comma
    }
  }
  /// Where the last record began.
  size_t record_line() const { return record_line_; }

 private:
  bool SkipLineEnd() {
    const std::string_view rest = text_.substr(position_);
    const size_t length = rest[0] == '\n' ? 1 : rest.substr(0, 2) == "\r\n" ? 2 : 0;
    position_ += length;
    line_ += length > 0 ? 1 : 0;
    return length > 0;
  }

  absl::Status ReadField(std::string* field) {
    if (position_ < text_.size() && text_[position_] == '"') return ReadQuoted(field);
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == ',' || c == '\n' || text_.substr(position_, 2) == "\r\n") break;
      if (c == '"') {
        return WrongLine(
            source_, line_,
            "a quote within a field; allowed is to quote the whole field and to double "
            "the quotes within");
      }
      field->push_back(c);
      ++position_;
    }
    return absl::OkStatus();
  }

  absl::Status ReadQuoted(std::string* field) {
    const size_t begin = line_;
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      line_ += c == '\n' ? 1 : 0;
      if (c == '"' && text_.substr(position_ + 1, 1) == "\"") {
        ++position_;
      } else if (c == '"') {
        ++position_;
        return CheckAfterQuotes();
      }
      field->push_back(c);
    }
    return WrongLine(source_, begin, "a quoted field has no end");
  }

  absl::Status CheckAfterQuotes() {
    const std::string_view rest = text_.substr(position_);
    if (rest.empty() || rest[0] == ',' || rest[0] == '\n' || rest.substr(0, 2) == "\r\n") {
      return absl::OkStatus();
    }
    return WrongLine(source_, line_,
                     "text after a quoted field; allowed are a comma and the end of the line");
  }

  const std::string_view text_;
  const std::string& source_;
  size_t position_ = 0;
  size_t line_ = 1;
  size_t record_line_ = 1;
};

absl::StatusOr<std::shared_ptr<const Columns>> Columns::LoadCsv(const std::string& path) {
  return Load(path, &ParseCsv);
}

absl::StatusOr<std::shared_ptr<const Columns>> Columns::LoadJsonLines(const std::string& path) {
  return Load(path, &ParseJsonLines);
}

absl::StatusOr<Columns> Columns::ParseCsv(std::string_view text, const std::string& source) {
  Columns columns;
  CsvReader reader(WithoutMark(text), source);
  SLIPWAY_RETURN_IF_ERROR(reader.Next(&columns.names_).status());
  std::vector<std::string> fields;
  while (true) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool more, reader.Next(&fields));
    if (!more) break;
    if (fields.size() != columns.names_.size()) {
      return WrongLine(source, reader.record_line(),
                       absl::StrFormat("%d fields; the header line has %d", fields.size(),
                                       columns.names_.size()));
    }
    std::move(fields.begin(), fields.end(), std::back_inserter(columns.cells_));
  }
  SLIPWAY_RETURN_IF_ERROR(columns.Check(source));
  return columns;
}

absl::StatusOr<Columns> Columns::ParseJsonLines(std::string_view text, const std::string& source) {
  Columns columns;
  text = WithoutMark(text);
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (absl::StripAsciiWhitespace(absl::string_view(line.data(), line.size())).empty()) continue;
    const absl::StatusOr<JsonValue> value = ParseJson(line);
    if (!value.ok()) return WrongLine(source, number, std::string(value.status().message()));
    if (!value->has_struct_value()) return WrongLine(source, number, "allowed is a JSON object");
    const auto& members = value->struct_value().fields();
    if (columns.names_.empty()) {
      for (const auto& member : members) columns.names_.push_back(member.first);
      std::sort(columns.names_.begin(), columns.names_.end());
    }
    for (const std::string& name : columns.names_) {
      const auto member = members.find(name);
      if (member == members.end()) {
        return WrongLine(source, number,
                         absl::StrFormat("there is no \"%s\", which the first object has", name));
      }
      absl::StatusOr<std::string> cell = TextOf(member->second);
      if (!cell.ok()) {
        return WrongLine(source, number,
                         absl::StrFormat("\"%s\": %s", name, cell.status().message()));
      }
      columns.cells_.push_back(*std::move(cell));
    }
  }
  SLIPWAY_RETURN_IF_ERROR(columns.Check(source));
  return columns;
}

absl::Status Columns::Check(const std::string& source) const {
  if (cells_.empty())
    return absl::InvalidArgumentError(absl::StrCat(source, ": there are no rows"));
  std::vector<std::string> sorted = names_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice == sorted.end()) return absl::OkStatus();
  return WrongLine(source, 1, absl::StrFormat("two columns have the name \"%s\"", *twice));
}

}  // namespace slipway::client
