#include "client/report/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "schema/json.h"

namespace slipway::client {

JsonWriter& JsonWriter::Key(std::string_view key) {
  BeforeValue();
  schema::AppendJsonString(key, &text_);
  text_ += indented_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  BeforeValue();
  schema::AppendJsonString(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Int(int64_t value) { return Value(absl::StrCat(value)); }

JsonWriter& JsonWriter::Number(double value) {
  if (!std::isfinite(value)) return Null();
  if (std::abs(value) >= 1e5 && std::abs(value) < 1e15) return Int(std::llround(value));
  return Value(absl::StrFormat("%.6g", value));
}

JsonWriter& JsonWriter::Exact(double value) {
  if (!std::isfinite(value)) return Null();
  char digits[32];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), value);
  return Value(std::string_view(digits, static_cast<size_t>(end - digits)));
}

JsonWriter& JsonWriter::Seconds(std::chrono::nanoseconds time) {
  const auto ns = static_cast<uint64_t>(std::abs(time.count()));
  std::string text = absl::StrFormat("%s%d.%09d", time.count() < 0 ? "-" : "", ns / 1'000'000'000,
                                     ns % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return Value(text);
}

JsonWriter& JsonWriter::Bool(bool value) { return Value(value ? "true" : "false"); }

JsonWriter& JsonWriter::Null() { return Value("null"); }

JsonWriter& JsonWriter::Open(char bracket) {
  BeforeValue();
  text_ += bracket;
  has_values_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  const bool had_values = has_values_.back();
  has_values_.pop_back();
  if (had_values) NewLine();
  text_ += bracket;
  if (has_values_.empty()) text_ += '\n';
  return *this;
}

JsonWriter& JsonWriter::Value(std::string_view text) {
  BeforeValue();
  text_ += text;
  return *this;
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_values_.empty()) return;
  if (has_values_.back()) text_ += ',';
  has_values_.back() = true;
  NewLine();
}

void JsonWriter::NewLine() {
  if (!indented_) return;
  text_ += '\n';
  text_.append(2 * has_values_.size(), ' ');
}

}  // namespace slipway::client
