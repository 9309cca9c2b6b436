#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace slipway::gateway {

/// Takes one decoded parameter; an error ends the reading.
using ParameterSink = absl::FunctionRef<absl::Status(std::string_view key, std::string_view value)>;

/// Reads `a=1&b=x+y` by the rules of Go's net/url, for queries and form bodies: `+` and `%XX` are
/// decoded in keys and values, empty parts are skipped, a part without `=` has an empty value.
/// INVALID_ARGUMENT for a raw `;` and a malformed escape anywhere; as in grpc-gateway nothing has
/// been handed out then.
absl::Status ReadParameters(std::string_view text, ParameterSink sink);

/// True when the media type of a Content-Type header, parameters aside, is `type` (lower case).
bool IsMediaType(std::string_view content_type, std::string_view type);

inline constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

}  // namespace slipway::gateway
