#include "schema/request_state.h"

#include <optional>

#include "schema/json_reader.h"
#include "schema/json_text.h"
#include "schema/scalar.h"
#include "schema/time_text.h"

namespace slipway::schema::internal {

namespace {

/// Times may come in the quotes of their JSON form.
std::string_view WithoutQuotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool TimeFromText(const MessagePlan& plan, std::string_view text, pb::Message* message) {
  text = WithoutQuotes(text);
  std::optional<SecondsNanos> time;
  if (plan.known == WellKnown::kTimestamp) {
    time = ParseTimestamp(text);
  } else {
    time = ParseDuration(text);
    if (!time) time = ParseUnitDuration(text);
  }
  if (!time) return false;
  plan.reflection->SetInt64(message, plan.FindNumber(1)->field, time->seconds);
  plan.reflection->SetInt32(message, plan.FindNumber(2)->field, time->nanos);
  return true;
}

/// `path` in proto names if it resolves in `target`, else as it is.
std::string MaskPath(const MessagePlan* target, std::string_view path) {
  std::string resolved;
  std::string_view rest = path;
  while (target != nullptr) {
    const size_t dot = rest.find('.');
    const FieldPlan* field = target->Find(rest.substr(0, dot));
    if (field == nullptr) break;
    resolved += field->name();
    if (dot == rest.npos) return resolved;
    resolved += '.';
    rest.remove_prefix(dot + 1);
    target = field->message;
  }
  return std::string(path);
}

bool MaskFromText(const MessagePlan& plan, std::string_view text, const MessagePlan* target,
                  pb::Message* message) {
  if (!IsValidUtf8(text)) return false;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    plan.reflection->AddString(message, plan.FindNumber(1)->field,
                               MaskPath(target, text.substr(0, comma)));
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
  }
  return true;
}

absl::Status JsonFromText(const MessagePlan& plan, std::string_view text, pb::Message* message) {
  JsonReader reader(text, /*ignore_unknown=*/false);
  if (reader.ReadMessage(plan, message) && !reader.cursor().at_end()) {
    reader.cursor().Fail("unexpected text after the JSON value");
  }
  return reader.error();
}

absl::Status NotAllowed(const FieldPlan& field, std::string_view text) {
  return absl::InvalidArgumentError(QuoteShort(text) + " is not allowed: expected " +
                                    AllowedValues(field));
}

absl::Status MessageFromText(const FieldPlan& field, std::string_view text,
                             const MessagePlan* mask_target, pb::Message* message) {
  const MessagePlan& plan = *field.message;
  bool converted = false;
  switch (plan.known) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
      converted = TimeFromText(plan, text, message);
      break;
    case WellKnown::kFieldMask:
      converted = MaskFromText(plan, text, mask_target, message);
      break;
    case WellKnown::kWrapper:
      return RequestState::SetText(plan.fields[0], text, nullptr, message);
    case WellKnown::kStruct:
    case WellKnown::kValue:
      return JsonFromText(plan, text, message);
    default:
      return absl::InvalidArgumentError("a " + plan.descriptor->full_name() +
                                        " cannot be given as text");
  }
  return converted ? absl::OkStatus() : NotAllowed(field, text);
}

}  // namespace

absl::StatusOr<pb::Message*> RequestState::Descend(const FieldPath& path) {
  pb::Message* at = message;
  for (size_t i = 0; i + 1 < path.parts().size(); ++i) {
    const FieldPlan& field = *path.parts()[i];
    if (absl::Status status = CheckOneof(field, *at, false); !status.ok()) {
      return FieldError(path.text(), status);
    }
    at = at->GetReflection()->MutableMessage(at, field.field);
  }
  if (absl::Status status = CheckOneof(*path.parts().back(), *at, false); !status.ok()) {
    return FieldError(path.text(), status);
  }
  return at;
}

absl::Status RequestState::CheckOneof(const FieldPlan& field, const pb::Message& parent,
                                      bool once) {
  if (!field.real_oneof) return absl::OkStatus();
  const pb::OneofDescriptor* oneof = field.field->containing_oneof();
  const pb::FieldDescriptor* set = parent.GetReflection()->GetOneofFieldDescriptor(parent, oneof);
  if (set == nullptr || (set == field.field && (!once || field.message != nullptr))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("oneof \"" + oneof->name() + "\" has field \"" + set->name() +
                                    "\" set already");
}

absl::Status RequestState::SetText(const FieldPlan& field, std::string_view text,
                                   const MessagePlan* mask_target, pb::Message* parent) {
  const pb::Reflection* reflection = parent->GetReflection();
  if (field.message != nullptr) {
    pb::Message* child = field.repeated ? reflection->AddMessage(parent, field.field)
                                        : reflection->MutableMessage(parent, field.field);
    child->Clear();
    return MessageFromText(field, text, mask_target, child);
  }
  Scalar value;
  if (!ScalarFromText(field, text, &value)) return NotAllowed(field, text);
  StoreScalar(field, &value, parent);
  return absl::OkStatus();
}

absl::Status FieldError(std::string_view path, std::string_view problem) {
  return absl::InvalidArgumentError(FieldLabel(path) + ": " + std::string(problem));
}

}  // namespace slipway::schema::internal
