#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/engine/request.h"
#include "client/run/grpc_method.h"
#include "client/run/workload.h"

namespace slipway::client {

/// What `run` and its kin send, as the command line says it; all texts may be templates.
struct RequestRecipe {
  /// HTTP: the body, if any, in `messages`. gRPC: each of `messages` is JSON.
  Request texts;
  /// gRPC only.
  std::optional<GrpcMethod> grpc;
  /// Files whose rows are columns for the templates; empty: none. One of them at most.
  std::string csv;
  std::string jsonl;
  /// `status=200`, `json:a.b=VALUE`, `sha256=HEX`: what an answer must be to be a success.
  std::vector<std::string> expect;
  /// HTTP: a 202 is asked for again, as its Retry-After says, at its Location, until there is a
  /// result; redirects on the way are followed.
  bool follow = false;
  /// With `follow`: `http://` or `https://` and the authority of the target. A Location that is
  /// elsewhere is a failure; if this is empty, every absolute one is.
  std::string origin;
};

/// INVALID_ARGUMENT names the switch, the value and what is allowed. Without a template,
/// expectation or following this is MakeFixedWorkload.
absl::StatusOr<std::shared_ptr<const Workload>> MakeRequestWorkload(RequestRecipe recipe);

}  // namespace slipway::client
