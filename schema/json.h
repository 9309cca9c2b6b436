#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "schema/message.h"

namespace slipway::schema {

struct JsonOptions {
  /// Drop fields and enum names that the schema does not know; else they are errors.
  bool ignore_unknown = false;
};

/// One whole JSON document as the message's wire bytes, the same for the same document.
/// INVALID_ARGUMENT names line and column of a syntax error, or the field, its value and what is
/// allowed; bytes after the document are an error.
absl::StatusOr<std::string> WireFromJson(const MessageType& type, std::string_view json,
                                         const JsonOptions& options = {});

/// A message's wire bytes as JSON, in the same shape as ResponseFormat without a response_body.
/// INTERNAL when the bytes do not decode or hold a value that JSON cannot express.
absl::StatusOr<std::string> JsonFromWire(const MessageType& type, std::string_view wire);

/// Appends `text` as a JSON string with its quotes. HTML characters are not escaped; bytes that are
/// no UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);

}  // namespace slipway::schema
