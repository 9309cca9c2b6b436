#include "schema/plan.h"

#include <utility>

#include "schema/json.h"

namespace slipway::schema::internal {

namespace {

WellKnown KnownKind(const std::string& name) {
  static const auto* kinds = new absl::flat_hash_map<std::string, WellKnown>{
      {"google.protobuf.Timestamp", WellKnown::kTimestamp},
      {"google.protobuf.Duration", WellKnown::kDuration},
      {"google.protobuf.FieldMask", WellKnown::kFieldMask},
      {"google.protobuf.Any", WellKnown::kAny},
      {"google.protobuf.Struct", WellKnown::kStruct},
      {"google.protobuf.Value", WellKnown::kValue},
      {"google.protobuf.ListValue", WellKnown::kListValue},
      {"google.protobuf.Empty", WellKnown::kEmpty},
      {"google.protobuf.DoubleValue", WellKnown::kWrapper},
      {"google.protobuf.FloatValue", WellKnown::kWrapper},
      {"google.protobuf.Int64Value", WellKnown::kWrapper},
      {"google.protobuf.UInt64Value", WellKnown::kWrapper},
      {"google.protobuf.Int32Value", WellKnown::kWrapper},
      {"google.protobuf.UInt32Value", WellKnown::kWrapper},
      {"google.protobuf.BoolValue", WellKnown::kWrapper},
      {"google.protobuf.StringValue", WellKnown::kWrapper},
      {"google.protobuf.BytesValue", WellKnown::kWrapper},
  };
  const auto it = kinds->find(name);
  return it == kinds->end() ? WellKnown::kNone : it->second;
}

struct KnownField {
  int number;
  pb::FieldDescriptor::Type type;
  bool repeated;
};

/// A file may declare a message of a well-known name that is something else; its special JSON form
/// would then read fields that are not there. So the fields are checked.
bool HasFields(const pb::Descriptor* descriptor, std::initializer_list<KnownField> fields) {
  for (const KnownField& expected : fields) {
    const pb::FieldDescriptor* field = descriptor->FindFieldByNumber(expected.number);
    if (field == nullptr || field->type() != expected.type ||
        field->is_repeated() != expected.repeated) {
      return false;
    }
  }
  return true;
}

bool HasExpectedFields(const pb::Descriptor* descriptor, WellKnown known) {
  using F = pb::FieldDescriptor;
  switch (known) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
      return HasFields(descriptor, {{1, F::TYPE_INT64, false}, {2, F::TYPE_INT32, false}});
    case WellKnown::kFieldMask:
      return HasFields(descriptor, {{1, F::TYPE_STRING, true}});
    case WellKnown::kAny:
      return HasFields(descriptor, {{1, F::TYPE_STRING, false}, {2, F::TYPE_BYTES, false}});
    case WellKnown::kStruct:
      return HasFields(descriptor, {{1, F::TYPE_MESSAGE, true}}) &&
             descriptor->FindFieldByNumber(1)->is_map();
    case WellKnown::kListValue:
      return HasFields(descriptor, {{1, F::TYPE_MESSAGE, true}});
    case WellKnown::kValue:
      return HasFields(descriptor, {{1, F::TYPE_ENUM, false},
                                    {2, F::TYPE_DOUBLE, false},
                                    {3, F::TYPE_STRING, false},
                                    {4, F::TYPE_BOOL, false},
                                    {5, F::TYPE_MESSAGE, false},
                                    {6, F::TYPE_MESSAGE, false}});
    case WellKnown::kWrapper:
      return descriptor->field_count() == 1 && !descriptor->field(0)->is_repeated() &&
             descriptor->field(0)->cpp_type() != F::CPPTYPE_MESSAGE;
    case WellKnown::kNone:
    case WellKnown::kEmpty:
      return true;
  }
  return false;
}

}  // namespace

const FieldPlan* MessagePlan::FindNumber(int number) const {
  for (const FieldPlan& field : fields) {
    if (field.field->number() == number) return &field;
  }
  return nullptr;
}

const MessagePlan* PlanSet::Compile(const pb::Descriptor* descriptor) {
  const MessagePlan* plan = GetOrCreate(descriptor);
  // A queue and not recursion: types may refer to each other in chains of any length.
  while (filled_ < plans_.size()) Fill(plans_[filled_++].get());
  return plan;
}

void PlanSet::Finish() {
  // Up from the messages with required fields to those that contain them, until nothing changes.
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& plan : plans_) {
      if (plan->has_required) continue;
      for (const FieldPlan& field : plan->fields) {
        if (!field.field->is_required() &&
            (field.message == nullptr || !field.message->has_required)) {
          continue;
        }
        plan->has_required = changed = true;
        break;
      }
    }
  }
}

const MessagePlan* PlanSet::Find(std::string_view full_name) const {
  const auto it = by_name_.find(ToAbsl(full_name));
  return it == by_name_.end() ? nullptr : it->second;
}

MessagePlan* PlanSet::GetOrCreate(const pb::Descriptor* descriptor) {
  MessagePlan*& plan = by_name_[descriptor->full_name()];
  if (plan != nullptr) return plan;
  plans_.push_back(std::make_unique<MessagePlan>(this));
  plan = plans_.back().get();
  plan->descriptor = descriptor;
  return plan;
}

void PlanSet::Fill(MessagePlan* plan) {
  const pb::Descriptor* descriptor = plan->descriptor;
  plan->prototype = factory_.GetPrototype(descriptor);
  plan->reflection = plan->prototype->GetReflection();
  plan->known = KnownKind(descriptor->full_name());
  if (!HasExpectedFields(descriptor, plan->known)) plan->known = WellKnown::kNone;
  plan->http_body = descriptor->full_name() == "google.api.HttpBody" &&
                    HasFields(descriptor, {{1, pb::FieldDescriptor::TYPE_STRING, false},
                                           {2, pb::FieldDescriptor::TYPE_BYTES, false}});
  std::vector<const pb::FieldDescriptor*> extensions;
  if (descriptor->extension_range_count() > 0) pool_->FindAllExtensions(descriptor, &extensions);
  plan->fields.reserve(descriptor->field_count() + extensions.size());
  for (int i = 0; i < descriptor->field_count(); ++i) FillField(descriptor->field(i), plan);
  for (const pb::FieldDescriptor* extension : extensions) FillField(extension, plan);
  // Proto names first: they win over an equal JSON name of another field.
  for (const FieldPlan& field : plan->fields) {
    if (!field.field->is_extension()) plan->by_name.emplace(field.field->name(), &field);
  }
  for (const FieldPlan& field : plan->fields) {
    plan->by_name.emplace(field.field->is_extension() ? "[" + field.field->full_name() + "]"
                                                      : field.field->json_name(),
                          &field);
  }
  for (int i = 0; i < descriptor->nested_type_count(); ++i) {
    GetOrCreate(descriptor->nested_type(i));
  }
}

void PlanSet::FillField(const pb::FieldDescriptor* field, MessagePlan* plan) {
  FieldPlan result;
  result.field = field;
  result.parent = plan;
  result.cpp_type = field->cpp_type();
  if (result.cpp_type == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    result.message = GetOrCreate(field->message_type());
  }
  AppendJsonString(field->is_extension() ? "[" + field->full_name() + "]" : field->json_name(),
                   &result.json_key);
  result.json_key += ':';
  result.repeated = field->is_repeated();
  result.map = field->is_map();
  result.presence = field->has_presence();
  result.omit_unset = field->containing_oneof() != nullptr || field->is_extension();
  result.real_oneof = field->real_containing_oneof() != nullptr;
  result.null_enum = result.cpp_type == pb::FieldDescriptor::CPPTYPE_ENUM &&
                     field->enum_type()->full_name() == "google.protobuf.NullValue";
  result.index = static_cast<uint32_t>(plan->fields.size());
  plan->fields.push_back(std::move(result));
}

}  // namespace slipway::schema::internal
