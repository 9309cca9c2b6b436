#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

namespace slipway::client {

/// Any JSON value.
using JsonValue = google::protobuf::Value;

/// Reads one JSON document, nested at most 32 deep. INVALID_ARGUMENT says what is wrong with it.
absl::StatusOr<JsonValue> ParseJson(std::string_view text);

/// A string as it is, everything else as compact JSON. Numbers are doubles, so integers from 2^53
/// on, which may have lost digits, are INVALID_ARGUMENT.
absl::StatusOr<std::string> TextOf(const JsonValue& value);

}  // namespace slipway::client
