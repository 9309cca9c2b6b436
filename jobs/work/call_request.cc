#include "jobs/work/call_request.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/reason.h"
#include "base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "rpc/decode.h"
#include "schema/json.h"

namespace slipway::jobs {
namespace {

namespace pb = google::protobuf;

constexpr absl::string_view kRequest = "call.request";
constexpr absl::string_view kRequestBytes = "call.requestBytes";

absl::Status Wrong(absl::string_view field, absl::string_view problem,
                   base::Reason reason = base::Reason::kBadField) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason,
                         absl::StrCat(field, ": ", problem));
}

/// The first number in `value` that may not be the one that was written: JSON numbers become
/// doubles, which are exact up to 2^53. Larger ones than 64 bits hold are no integers that anybody
/// counts with.
const pb::Value* FindInexact(const pb::Value& value) {
  constexpr double kExact = 9007199254740992.0;     // 2^53
  constexpr double kMost = 18446744073709551616.0;  // 2^64
  if (value.has_number_value()) {
    const double size = std::abs(value.number_value());
    return size >= kExact && size <= kMost ? &value : nullptr;
  }
  const pb::Value* found = nullptr;
  for (const auto& [name, field] : value.struct_value().fields()) {
    if (found == nullptr) found = FindInexact(field);
  }
  for (const pb::Value& element : value.list_value().values()) {
    if (found == nullptr) found = FindInexact(element);
  }
  return found;
}

absl::StatusOr<std::string> FromValue(const schema::Schema& schema,
                                      const schema::MethodInfo& method, const pb::Value& value) {
  if (const pb::Value* number = FindInexact(value); number != nullptr) {
    return Wrong(kRequest, absl::StrFormat("the number %.0f is not below 2^53, where JSON numbers "
                                           "are exact: write it as a string",
                                           number->number_value()));
  }
  const schema::MessageType& type = *schema.FindMessage("google.protobuf.Value");
  const absl::StatusOr<std::string> json = schema::JsonFromWire(type, value.SerializeAsString());
  if (!json.ok()) return Wrong(kRequest, json.status().message());
  absl::StatusOr<std::string> wire = schema::WireFromJson(schema.input(method), *json);
  if (!wire.ok()) return Wrong(kRequest, wire.status().message());
  return wire;
}

/// OK when `wire` is a whole message of `descriptor`'s type.
absl::Status CheckWire(const schema::Schema& schema, const pb::Descriptor* descriptor,
                       const std::string& wire, absl::string_view field) {
  pb::DynamicMessageFactory factory(&schema.pool());
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(descriptor)->New());
  if (!rpc::DecodePartial(wire, message.get())) {
    return Wrong(field, absl::StrCat("the ", wire.size(), " bytes do not decode as ",
                                     descriptor->full_name()));
  }
  if (message->IsInitialized()) return absl::OkStatus();
  return Wrong(field, absl::StrCat("required fields of ", descriptor->full_name(),
                                   " are missing: ", message->InitializationErrorString()));
}

absl::Status CheckSize(size_t size, size_t max_bytes, absl::string_view field) {
  if (size <= max_bytes) return absl::OkStatus();
  return Wrong(field,
               absl::StrCat("the message has ", size, " bytes; at most ", max_bytes,
                            " are allowed in a job"),
               base::Reason::kBodyTooLarge);
}

}  // namespace

absl::StatusOr<std::string> EncodeCallRequest(const schema::Schema& schema,
                                              const schema::MethodInfo& method,
                                              const v1::Call& call, size_t max_bytes) {
  if (call.input_case() == v1::Call::kRequest) {
    SLIPWAY_ASSIGN_OR_RETURN(std::string wire, FromValue(schema, method, call.request()));
    SLIPWAY_RETURN_IF_ERROR(CheckSize(wire.size(), max_bytes, kRequest));
    return wire;
  }
  // Without an input this is the empty message, which may lack required fields.
  const std::string& wire = call.request_bytes();
  const bool given = call.input_case() == v1::Call::kRequestBytes;
  const absl::string_view field = given ? kRequestBytes : kRequest;
  SLIPWAY_RETURN_IF_ERROR(CheckSize(wire.size(), max_bytes, field));
  SLIPWAY_RETURN_IF_ERROR(CheckWire(schema, method.descriptor->input_type(), wire, field));
  return wire;
}

std::string QuoteShort(std::string_view text) {
  constexpr size_t kLongest = 80;
  const absl::string_view shown(text.data(), std::min(text.size(), kLongest));
  return absl::StrCat("\"", absl::CEscape(shown), text.size() > kLongest ? "..." : "", "\"");
}

}  // namespace slipway::jobs
