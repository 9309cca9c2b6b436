#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::schema {

/// Cuts a request body into the concatenated JSON values of a client stream, as bytes arrive; white
/// space between values is optional. Finds where a value ends and nothing more: whether it is well
/// formed is decided by whoever parses it. Owned by the exchange, one thread. Each byte is looked
/// at once.
class JsonFramer {
 public:
  /// `max_value_bytes` bounds one value, and so what is kept here beside the last chunk.
  explicit JsonFramer(size_t max_value_bytes) : max_value_bytes_(max_value_bytes) {}

  void Append(std::string_view chunk);
  /// The stream has ended: what is left is the last value.
  void End() { ended_ = true; }
  /// The next value without the white space around it; nothing when more bytes are needed, or at
  /// the end. Valid until the next call. RESOURCE_EXHAUSTED when a value is too long.
  absl::StatusOr<std::optional<std::string_view>> Next();

 private:
  bool FindEnd();

  size_t max_value_bytes_;
  std::string buffer_;
  size_t start_ = 0;
  size_t scan_ = 0;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool ended_ = false;
};

}  // namespace slipway::schema
