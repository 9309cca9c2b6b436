#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::client {

/// A header that a user has written, as metadata of gRPC: its name in lower case, its value as it
/// was given. Values of names in `-bin` are base64 and stay it, since the value may be a template:
/// DecodeMetadata is for when that has been filled in.
///
/// INVALID_ARGUMENT when the name cannot be sent or belongs to gRPC itself, and when a value that
/// is no template is not the base64 that its name needs.
absl::StatusOr<std::pair<std::string, std::string>> ToMetadata(std::string_view name,
                                                               std::string_view value);

/// A name whose values are bytes (`-bin`, gRPC over HTTP/2).
bool IsBinaryMetadata(std::string_view name);

/// The bytes of a value of `name`, which IsBinaryMetadata, in the place of its base64.
/// INVALID_ARGUMENT when it is none.
absl::Status DecodeMetadata(std::string_view name, std::string* value);

}  // namespace slipway::client
