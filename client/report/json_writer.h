#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::client {

/// Writes one JSON document, indented by two or without any white space. Calls must nest correctly:
/// within an object each value follows its Key. Not thread-safe.
class JsonWriter {
 public:
  explicit JsonWriter(bool indented = true) : indented_(indented) {}

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view key);

  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  /// With six significant digits, or whole from 100,000 to 1e15; null when not finite.
  JsonWriter& Number(double value);
  /// With as many digits as reading the same number again needs; null when not finite.
  JsonWriter& Exact(double value);
  /// In seconds, to the nanosecond.
  JsonWriter& Seconds(std::chrono::nanoseconds time);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();

  /// The document; complete when everything is closed.
  const std::string& text() const { return text_; }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  JsonWriter& Value(std::string_view text);
  void BeforeValue();
  void NewLine();

  const bool indented_;
  std::string text_;
  std::vector<bool> has_values_;  // of each open object or array
  bool after_key_ = false;
};

}  // namespace slipway::client
