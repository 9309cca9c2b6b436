#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "rpc/decode.h"
#include "schema/plan.h"

namespace slipway::schema::internal {

/// Prints messages as grpc-gateway does: compact, zero values shown, `null` for what is unset and
/// has presence, nothing for unset members of oneofs, 64-bit integers as strings, enums by name,
/// maps sorted by key; as deep as messages are read. Appends to one string; one thread. After a
/// false answer the output is unusable and the reason is in error().
class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(out) {}

  bool WriteMessage(const MessagePlan& plan, const pb::Message& message);
  /// A field's value alone, set or not. `bare_integers`: 64-bit integers as numbers.
  bool WriteField(const FieldPlan& field, const pb::Message& message, bool bare_integers);

  /// A google.protobuf.Any by its parts, expanded; in the form below when `plans` does not know the
  /// type or `value` does not decode.
  bool WriteAny(const PlanSet& plans, const std::string& url, const std::string& value);
  /// `{"@type":…,"value":"<base64>"}`.
  void WriteUnknownAny(std::string_view url, std::string_view value);

  /// INTERNAL, names the field.
  absl::Status error() const;

 private:
  bool WriteFields(const MessagePlan& plan, const pb::Message& message, bool comma);
  bool WriteRepeated(const FieldPlan& field, const pb::Message& message, bool bare_integers);
  bool WriteMap(const FieldPlan& field, const pb::Message& message, bool bare_integers);
  bool WriteSingular(const FieldPlan& field, const pb::Message& message, bool bare_integers);
  bool WriteElement(const FieldPlan& field, const pb::Message& message, int index,
                    bool bare_integers);
  void WriteInt64(int64_t value, bool bare);
  void WriteUint64(uint64_t value, bool bare);
  bool WriteText(const FieldPlan& field, const std::string& text);
  void WriteEnum(const FieldPlan& field, int number);

  bool WriteTime(const MessagePlan& plan, const pb::Message& message);
  bool WriteFieldMask(const MessagePlan& plan, const pb::Message& message);
  bool WriteValue(const MessagePlan& plan, const pb::Message& message);
  bool WriteAnyMessage(const MessagePlan& plan, const pb::Message& message);

  bool Fail(std::string problem);
  bool FailBelow(const FieldPlan& field);

  std::string* out_;
  int depth_ = 0;
  std::string problem_;
  std::string place_;
};

}  // namespace slipway::schema::internal
