#include "base/reason.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"

namespace slipway::base {
namespace {

constexpr char kPayloadType[] = "slipway/reason";

constexpr std::array kNames = {
#define SLIPWAY_REASON_TEXT(name, text) std::string_view(text),
    SLIPWAY_REASONS(SLIPWAY_REASON_TEXT)
#undef SLIPWAY_REASON_TEXT
};

}  // namespace

std::string_view ReasonName(Reason reason) { return kNames[static_cast<std::size_t>(reason)]; }

absl::Status MakeError(absl::StatusCode code, Reason reason, std::string message) {
  absl::Status status(code, message);
  const std::string_view name = ReasonName(reason);
  // The text, not the number: absl::Status::ToString shows payloads.
  status.SetPayload(kPayloadType, absl::Cord(absl::string_view(name.data(), name.size())));
  return status;
}

Reason ReasonOf(const absl::Status& status) {
  if (status.ok()) return Reason::kNone;
  const auto payload = status.GetPayload(kPayloadType);
  if (!payload.has_value()) return Reason::kNone;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (*payload == absl::string_view(kNames[i].data(), kNames[i].size())) {
      return static_cast<Reason>(i);
    }
  }
  return Reason::kNone;
}

}  // namespace slipway::base
