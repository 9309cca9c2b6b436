#include "schema/json_framer.h"

#include <string>

namespace slipway::schema {

namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool StartsContainer(char c) { return c == '{' || c == '['; }
/// Ends a number or a word without belonging to it.
bool EndsScalar(char c) { return IsSpace(c) || StartsContainer(c) || c == '"'; }

}  // namespace

void JsonFramer::Append(std::string_view chunk) {
  if (start_ > 0) {  // what Next has handed out
    buffer_.erase(0, start_);
    scan_ -= start_;
    start_ = 0;
  }
  buffer_.append(chunk);
}

absl::StatusOr<std::optional<std::string_view>> JsonFramer::Next() {
  if (scan_ == start_) {
    while (start_ < buffer_.size() && IsSpace(buffer_[start_])) ++start_;
    scan_ = start_;
  }
  const bool complete = FindEnd();
  if (scan_ - start_ > max_value_bytes_) {
    return absl::ResourceExhaustedError("a JSON value of the stream is longer than " +
                                        std::to_string(max_value_bytes_) + " bytes");
  }
  if (!complete && (!ended_ || start_ == buffer_.size())) return std::nullopt;
  const std::string_view value(buffer_.data() + start_, scan_ - start_);
  start_ = scan_;
  depth_ = 0;
  in_string_ = escaped_ = false;
  return value;
}

/// Moves `scan_` behind the value that begins at `start_`; false when more bytes are needed.
bool JsonFramer::FindEnd() {
  for (; scan_ < buffer_.size(); ++scan_) {
    const char c = buffer_[scan_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return ++scan_, true;
      }
    } else if (depth_ == 0 && scan_ > start_ && EndsScalar(c)) {
      return true;
    } else if (c == '"') {
      in_string_ = true;
    } else if (StartsContainer(c)) {
      ++depth_;
    } else if (c == '}' || c == ']') {
      if (depth_ <= 1) return ++scan_, true;
      --depth_;
    }
  }
  return false;
}

}  // namespace slipway::schema
