#include "rpc/status.h"

#include <array>

#include "absl/strings/cord.h"

namespace slipway::rpc {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

absl::string_view PayloadName() {
  return {Status::kDetailsPayload.data(), Status::kDetailsPayload.size()};
}

}  // namespace

Status::Status(const absl::Status& status) : code_(status.code()) {
  if (status.ok()) return;
  message_ = std::string(status.message().data(), status.message().size());
  if (auto payload = status.GetPayload(PayloadName())) details_ = std::string(*payload);
}

Status Status::FromCode(int code, std::string message, std::string details) {
  const bool known = code >= 0 && code < static_cast<int>(kNames.size());
  return Status(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                std::move(message), std::move(details));
}

absl::Status Status::ToAbsl() const {
  absl::Status status(code_, message_);
  if (!ok() && !details_.empty()) status.SetPayload(PayloadName(), absl::Cord(details_));
  return status;
}

std::string_view CodeName(absl::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : kNames[2];
}

}  // namespace slipway::rpc
