#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "schema/message.h"

namespace slipway::schema::internal {

namespace pb = google::protobuf;

/// Debian's absl::string_view is a type of its own.
inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

/// Messages that JSON writes in a form of their own.
enum class WellKnown : uint8_t {
  kNone,
  kTimestamp,
  kDuration,
  kFieldMask,
  kAny,
  kStruct,
  kValue,
  kListValue,
  kWrapper,
  kEmpty,
};

struct MessagePlan;
class PlanSet;

/// What is known of one field before the first request.
struct FieldPlan {
  const pb::FieldDescriptor* field = nullptr;
  /// The message that has the field (for an extension: that is extended).
  const MessagePlan* parent = nullptr;
  /// The message that is the field's type, a map's entry; nullptr for scalars.
  const MessagePlan* message = nullptr;
  /// `"name":`, ready to be printed.
  std::string json_key;
  pb::FieldDescriptor::CppType cpp_type = pb::FieldDescriptor::CPPTYPE_INT32;
  bool repeated = false;
  bool map = false;
  bool presence = false;
  /// Unset means not printed: a member of a oneof (proto3 `optional` is one) or an extension.
  bool omit_unset = false;
  /// Member of a oneof that its author wrote.
  bool real_oneof = false;
  /// Of type google.protobuf.NullValue, whose JSON is `null`.
  bool null_enum = false;
  /// Position in the plan, for the sets of seen fields.
  uint32_t index = 0;

  std::string_view name() const { return field->name(); }
  bool is_bytes() const { return field->type() == pb::FieldDescriptor::TYPE_BYTES; }
  bool is_known(WellKnown known) const;
};

/// What is known of one message. Immutable after PlanSet::Compile; its address is stable.
struct MessagePlan {
  explicit MessagePlan(const PlanSet* owner) : set(owner), type(this) {}

  const PlanSet* set;
  const pb::Descriptor* descriptor = nullptr;
  const pb::Message* prototype = nullptr;
  const pb::Reflection* reflection = nullptr;
  WellKnown known = WellKnown::kNone;
  bool http_body = false;
  /// Whether it or a message within it has a required field (proto2).
  bool has_required = false;
  /// In order of declaration, extensions last.
  std::vector<FieldPlan> fields;
  MessageType type;

  /// By proto name, then JSON name, then `[full.name]` of an extension; nullptr when there is none.
  const FieldPlan* Find(std::string_view name) const {
    const auto it = by_name.find(ToAbsl(name));
    return it == by_name.end() ? nullptr : it->second;
  }
  /// By number; nullptr when there is none. For well-known types, which have few fields.
  const FieldPlan* FindNumber(int number) const;

  const FieldPlan& map_key() const { return fields[0]; }
  const FieldPlan& map_value() const { return fields[1]; }

  absl::flat_hash_map<std::string, const FieldPlan*> by_name;
};

inline bool FieldPlan::is_known(WellKnown known) const {
  return message != nullptr && message->known == known;
}

/// The plans of all messages of one pool, and the factory that makes their objects. Filled while
/// the schema is loaded, then immutable and free for any thread. The pool outlives it.
class PlanSet {
 public:
  explicit PlanSet(const pb::DescriptorPool* pool) : pool_(pool), factory_(pool) {}

  /// Plans for `descriptor`, for the messages within it and for everything they refer to.
  const MessagePlan* Compile(const pb::Descriptor* descriptor);
  /// To be called once after the last Compile.
  void Finish();
  /// nullptr when it was not compiled.
  const MessagePlan* Find(std::string_view full_name) const;

 private:
  MessagePlan* GetOrCreate(const pb::Descriptor* descriptor);
  void Fill(MessagePlan* plan);
  void FillField(const pb::FieldDescriptor* field, MessagePlan* plan);

  const pb::DescriptorPool* pool_;
  pb::DynamicMessageFactory factory_;
  std::deque<std::unique_ptr<MessagePlan>> plans_;
  size_t filled_ = 0;
  absl::flat_hash_map<std::string, MessagePlan*> by_name_;
};

}  // namespace slipway::schema::internal
