#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"
#include "outbound/allow_list.h"

namespace slipway::jobs {

/// What the members of a submitted object say that are ours to read.
struct TokenRequest {
  std::string name;
  std::string service_name;
  std::string url;
  std::string method;  // in capitals
};

/// Checks a submitted object: `name` and `service_name` are strings if they are there (null is
/// absent, absent is empty), `redirect_location` is an object with a `url` that `allow` (null: any)
/// allows, and perhaps a `method`, POST if there is none. A result without a receiver would be lost
/// when it was asked for, so there must be one. Errors name the member, its value and what is
/// allowed: INVALID_ARGUMENT, or PERMISSION_DENIED (forbidden_target) for a URL that may not be
/// called.
absl::StatusOr<TokenRequest> ReadTokenRequest(const google::protobuf::Struct& object,
                                              const outbound::AllowList* allow);

}  // namespace slipway::jobs
