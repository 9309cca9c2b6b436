#include "schema/json.h"

#include <string>
#include <string_view>

#include "google/protobuf/arena.h"
#include "schema/deterministic.h"
#include "schema/json_reader.h"
#include "schema/message.h"

namespace slipway::schema {

absl::StatusOr<std::string> WireFromJson(const MessageType& type, std::string_view json,
                                         const JsonOptions& options) {
  google::protobuf::Arena arena;
  const internal::MessagePlan& plan = type.plan();
  google::protobuf::Message* message = plan.prototype->New(&arena);
  internal::JsonReader reader(json, options.ignore_unknown);
  if (reader.ReadMessage(plan, message) && !reader.cursor().at_end()) {
    reader.cursor().Fail("unexpected text after the JSON value");
  }
  if (!reader.error().ok()) return reader.error();
  if (plan.has_required && !message->IsInitialized()) {
    return absl::InvalidArgumentError("required fields are missing: " +
                                      message->InitializationErrorString());
  }
  std::string wire;
  if (!AppendDeterministic(*message, &wire)) {
    return absl::InvalidArgumentError("the message is larger than 2 GiB");
  }
  return wire;
}

absl::StatusOr<std::string> JsonFromWire(const MessageType& type, std::string_view wire) {
  std::string json;
  const absl::Status status = ResponseFormat(type, FieldPath()).AppendJson(wire, &json);
  if (!status.ok()) return status;
  return json;
}

}  // namespace slipway::schema
