#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/data/json_value.h"
#include "client/engine/request.h"
#include "client/measure/outcome.h"
#include "client/run/grpc_method.h"

namespace slipway::client {

/// The answer to one request while expectations and extractions look at it: becomes JSON once, and
/// only if somebody asks. Lives during the report of the outcome.
class Answer {
 public:
  /// Both outlive it; `method` is that of a gRPC call, else nullptr.
  Answer(const Outcome& outcome, const GrpcMethod* method) : outcome_(outcome), method_(method) {}

  /// Of HTTP or gRPC.
  int status() const { return outcome_.code; }
  /// The first value of a header or of metadata; nullptr without one. The name in lower case.
  const std::string* FindHeader(std::string_view name) const;
  /// The body, or the last message's wire bytes.
  std::string_view bytes() const;
  /// The body; of gRPC the last message as JSON.
  absl::StatusOr<std::string_view> text();
  absl::StatusOr<const JsonValue*> json();

 private:
  const Outcome& outcome_;
  const GrpcMethod* const method_;
  std::optional<absl::StatusOr<std::string>> decoded_;
  std::optional<absl::StatusOr<JsonValue>> json_;
};

}  // namespace slipway::client
