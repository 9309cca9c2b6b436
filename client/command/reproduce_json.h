#pragma once

#include <string>

#include <google/protobuf/struct.pb.h>

#include "absl/status/statusor.h"

namespace slipway::client {

/// A JSON array. UNAVAILABLE, with the beginning of `text`, when it is none.
absl::StatusOr<google::protobuf::ListValue> ParseJsonList(const std::string& text);
/// The member `name` of a JSON object when it is a text; else empty.
std::string TextOf(const google::protobuf::Value& object, const std::string& name);
/// For a value in a query: everything but letters, digits and `-._~` escaped (RFC 3986, 2.3).
std::string UrlEncoded(const std::string& text);

}  // namespace slipway::client
