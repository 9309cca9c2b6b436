#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::client {

/// Path and query of what a Location header means (RFC 9110, 10.2.2; RFC 3986, 5.2) in the answer
/// of `base`, a path with or without query. `origin` is scheme and authority of the server, empty
/// if it is not known. INVALID_ARGUMENT names a location that is not on that server.
absl::StatusOr<std::string> ResolveLocation(std::string_view location, std::string_view base,
                                            std::string_view origin);

/// How long a Retry-After header (RFC 9110, 10.2.3), seconds or a date, asks for at `now`: from 0
/// to a day. A second when there is none (nullptr) or it says something else.
absl::Duration RetryAfter(const std::string* value, absl::Time now);

}  // namespace slipway::client
