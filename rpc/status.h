#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace slipway::rpc {

/// The outcome of one call as it travels: a gRPC code, a message, and the serialized
/// google.rpc.Status of `grpc-status-details-bin` (empty when there is none).
///
/// Inside a room errors are absl::Status; this type is for what crosses a transport, because an
/// absl::Status drops the message of an OK status and knows no details. A value type.
class Status {
 public:
  /// OK.
  Status() = default;
  Status(absl::StatusCode code, std::string message, std::string details = {})
      : code_(code), message_(std::move(message)), details_(std::move(details)) {}
  /// Details travel in the payload named kDetailsPayload.
  Status(const absl::Status& status);  // NOLINT: an error of ours may be returned as it is

  /// From the integer of `grpc-status`; anything outside 0…16 is UNKNOWN (gRPC over HTTP/2).
  static Status FromCode(int code, std::string message, std::string details = {});

  bool ok() const { return code_ == absl::StatusCode::kOk; }
  absl::StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  /// Bytes of a google.rpc.Status, or empty.
  const std::string& details() const { return details_; }

  absl::Status ToAbsl() const;

  /// Where an absl::Status carries details().
  static constexpr std::string_view kDetailsPayload = "type.googleapis.com/google.rpc.Status";

 private:
  absl::StatusCode code_ = absl::StatusCode::kOk;
  std::string message_;
  std::string details_;
};

/// The upper-case name of the gRPC specification, such as `NOT_FOUND`.
std::string_view CodeName(absl::StatusCode code);

}  // namespace slipway::rpc
