#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/data/json_value.h"
#include "google/protobuf/struct.pb.h"

namespace slipway::client {

using JsonArray = google::protobuf::ListValue;

/// UNAVAILABLE, with the beginning of `text`, when it is no JSON array.
absl::StatusOr<JsonArray> ParseJsonArray(const std::string& text);
/// The member `name` of a JSON object when it is a text; else empty.
std::string MemberText(const JsonValue& object, const std::string& name);

}  // namespace slipway::client
