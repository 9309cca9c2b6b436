#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/field_mask.h"
#include "schema/json_reader.h"
#include "schema/json_text.h"
#include "schema/message.h"
#include "schema/request_state.h"

namespace slipway::schema {

namespace pb = google::protobuf;
using internal::FieldError;
using internal::FieldPlan;
using internal::JsonReader;
using internal::MessagePlan;
using internal::RequestState;

namespace {

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

/// The request's one field of type FieldMask, or nullptr when it has none or several.
const FieldPlan* OnlyFieldMask(const MessagePlan& plan) {
  const FieldPlan* found = nullptr;
  for (const FieldPlan& field : plan.fields) {
    if (field.repeated || !field.is_known(internal::WellKnown::kFieldMask)) continue;
    if (found != nullptr) return nullptr;
    found = &field;
  }
  return found;
}

absl::Status FillUpdateMask(const FieldPlan& body, std::string_view json, RequestState* state) {
  const FieldPlan* mask_field = OnlyFieldMask(state->plan);
  const bool takes_paths = body.message != nullptr && !body.repeated &&
                           body.message->known == internal::WellKnown::kNone;
  if (mask_field == nullptr || mask_field == &body || !takes_paths) return absl::OkStatus();
  std::vector<std::string> paths;
  if (absl::Status status = internal::CollectMaskPaths(*body.message, json, &paths); !status.ok()) {
    return status;
  }
  // Captures and query come later, so the mask is empty now unless the body is a field within it.
  const pb::FieldDescriptor* paths_field = mask_field->message->FindNumber(1)->field;
  pb::Message* mask =
      state->message->GetReflection()->MutableMessage(state->message, mask_field->field);
  if (mask->GetReflection()->FieldSize(*mask, paths_field) > 0) return absl::OkStatus();
  for (std::string& path : paths) {
    mask->GetReflection()->AddString(mask, paths_field, std::move(path));
  }
  return absl::OkStatus();
}

absl::Status ReadBody(const FieldPath& field, std::string_view json, const BodyOptions& options,
                      RequestState* state) {
  JsonReader reader(json, /*ignore_unknown=*/!options.reject_unknown);
  bool read = false;
  if (field.empty()) {
    read = reader.ReadMessage(state->plan, state->message);
  } else {
    absl::StatusOr<pb::Message*> parent = state->Descend(field);
    if (!parent.ok()) return parent.status();
    read = reader.ReadBodyField(*field.parts().back(), *parent);
  }
  if (read && options.reject_trailing && !reader.cursor().at_end()) {
    reader.cursor().Fail("unexpected text after the JSON value");
  }
  return reader.error();
}

/// An empty body for a message field makes it present; other fields keep their default.
absl::Status ReadBlankBody(const FieldPath& field, RequestState* state) {
  if (field.empty()) return absl::OkStatus();
  const FieldPlan& last = *field.parts().back();
  absl::StatusOr<pb::Message*> parent = state->Descend(field);
  if (!parent.ok()) return parent.status();
  if (last.message != nullptr && !last.repeated) {
    (*parent)->GetReflection()->MutableMessage(*parent, last.field);
  }
  return absl::OkStatus();
}

}  // namespace

RequestBuilder::RequestBuilder(const MessageType& type)
    : state_(std::make_unique<RequestState>(type.plan())) {}

RequestBuilder::~RequestBuilder() = default;

absl::Status RequestBuilder::MergeJsonBody(const FieldPath& field, std::string_view json,
                                           const BodyOptions& options) {
  if (IsBlank(json)) return ReadBlankBody(field, state_.get());
  absl::Status status = ReadBody(field, json, options, state_.get());
  if (status.ok() && options.fill_update_mask && !field.empty()) {
    status = FillUpdateMask(*field.parts().back(), json, state_.get());
  }
  return status;
}

absl::Status RequestBuilder::SetHttpBody(const FieldPath& field, std::string_view content_type,
                                         std::string_view data) {
  pb::Message* body = state_->message;
  const MessagePlan* plan = &state_->plan;
  if (!field.empty()) {
    absl::StatusOr<pb::Message*> parent = state_->Descend(field);
    if (!parent.ok()) return parent.status();
    const FieldPlan& last = *field.parts().back();
    if (last.repeated || last.message == nullptr || !last.message->http_body) {
      return FieldError(field.text(), "is no google.api.HttpBody: it takes no raw body");
    }
    body = (*parent)->GetReflection()->MutableMessage(*parent, last.field);
    plan = last.message;
  }
  if (!plan->http_body) return FieldError({}, "is no google.api.HttpBody: it takes no raw body");
  if (!internal::IsValidUtf8(content_type)) {
    return FieldError("content_type", "the media type is not valid UTF-8");
  }
  plan->reflection->SetString(body, plan->FindNumber(1)->field, std::string(content_type));
  plan->reflection->SetString(body, plan->FindNumber(2)->field, std::string(data));
  return absl::OkStatus();
}

absl::Status RequestBuilder::SetCapture(const FieldPath& field, std::string_view text,
                                        char separator) {
  absl::StatusOr<pb::Message*> parent = state_->Descend(field);
  if (!parent.ok()) return parent.status();
  const FieldPlan& last = *field.parts().back();
  if (last.map) return FieldError(field.text(), "a map cannot be given in the path");
  absl::Status status;
  if (last.repeated) (*parent)->GetReflection()->ClearField(*parent, last.field);
  const bool split = last.repeated && field.depth() == 1;
  while (status.ok()) {
    const size_t end = split ? text.find(separator) : text.npos;
    status = RequestState::SetText(last, text.substr(0, end), nullptr, *parent);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return status.ok() ? status : FieldError(field.text(), status);
}

absl::StatusOr<std::string> RequestBuilder::Serialize() {
  if (state_->plan.has_required && !state_->message->IsInitialized()) {
    return absl::InvalidArgumentError("required fields are missing: " +
                                      state_->message->InitializationErrorString());
  }
  std::string wire;
  if (!state_->message->SerializePartialToString(&wire)) {
    return absl::InvalidArgumentError("the request is larger than 2 GiB");
  }
  return wire;
}

}  // namespace slipway::schema
