#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/engine/request.h"

namespace slipway::client {

/// A gRPC method as far as a load needs to know it. The functions may be called by any thread.
struct GrpcMethod {
  /// `/pkg.Service/Method`
  std::string path;
  CallShape shape = CallShape::kUnary;
  /// JSON of the request message into wire bytes. INVALID_ARGUMENT says what is wrong with it.
  std::function<absl::StatusOr<std::string>(std::string_view json)> encode;
  /// Wire bytes of a response message into JSON.
  std::function<absl::StatusOr<std::string>(std::string_view wire)> decode;
};

}  // namespace slipway::client
