#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "schema/json_text.h"
#include "schema/message.h"
#include "schema/request_state.h"
#include "schema/scalar.h"

namespace slipway::schema {

namespace pb = google::protobuf;
using internal::FieldError;
using internal::FieldPlan;
using internal::MessagePlan;
using internal::RequestState;

namespace {

/// A parameter's name, taken apart: `a.b[key]`.
struct QueryKey {
  std::string_view path;
  std::optional<std::string_view> map_key;
};

QueryKey SplitKey(std::string_view key) {
  const size_t open = key.find('[');
  if (open == key.npos || key.back() != ']') return {key, std::nullopt};
  return {key.substr(0, open), key.substr(open + 1, key.size() - open - 2)};
}

/// The fields that a parameter names.
struct QueryField {
  absl::InlinedVector<const FieldPlan*, 8> parts;
  /// Not for the message: unknown, or filled by body or path.
  bool ignored = false;

  const FieldPlan& last() const { return *parts.back(); }
};

std::string PathText(const QueryField& field) {
  std::string text;
  for (const FieldPlan* part : field.parts) {
    if (!text.empty()) text += '.';
    text += part->name();
  }
  return text;
}

absl::StatusOr<QueryField> ResolveQuery(const MessagePlan* plan, std::string_view path,
                                        const QueryFilter& filter) {
  QueryField result;
  while (true) {
    const size_t dot = path.find('.');
    const FieldPlan* field = plan->Find(path.substr(0, dot));
    if (field == nullptr) {
      result.ignored = true;
      if (!filter.reject_unknown()) return result;
      return absl::InvalidArgumentError("there is no field " +
                                        internal::QuoteShort(path.substr(0, dot)) + " in " +
                                        plan->descriptor->full_name());
    }
    result.parts.push_back(field);
    if (filter.Excludes(result.parts.data(), result.parts.size())) {
      result.ignored = true;
      return result;
    }
    if (dot == path.npos) return result;
    path.remove_prefix(dot + 1);
    if (field->repeated || field->message == nullptr) {
      return FieldError(PathText(result),
                        "is no singular message: it has no field " + internal::QuoteShort(path));
    }
    plan = field->message;
  }
}

/// The message that has the last field. Each part may be set once, but messages may be entered
/// again.
absl::StatusOr<pb::Message*> Enter(const QueryField& field, RequestState* state) {
  pb::Message* at = state->message;
  for (size_t i = 0; i < field.parts.size(); ++i) {
    if (absl::Status status = RequestState::CheckOneof(*field.parts[i], *at, /*once=*/true);
        !status.ok()) {
      return FieldError(PathText(field), status);
    }
    if (i + 1 == field.parts.size()) break;
    at = at->GetReflection()->MutableMessage(at, field.parts[i]->field);
  }
  return at;
}

absl::Status SetMapEntry(const QueryField& field, std::string_view key_text, std::string_view value,
                         pb::Message* parent, RequestState* state) {
  const FieldPlan& map = field.last();
  const FieldPlan& key_field = map.message->map_key();
  const std::string label = PathText(field) + "[" + internal::QuoteShort(key_text) + "]";
  internal::Scalar key;
  if (!internal::ScalarFromText(key_field, key_text, &key)) {
    return FieldError(label,
                      "the key is not allowed: expected " + internal::AllowedValues(key_field));
  }
  if (!state->query_keys.emplace(parent, &map, std::string(key_text)).second) {
    return FieldError(label, "too many values: a key takes one");
  }
  pb::Message* entry = parent->GetReflection()->AddMessage(parent, map.field);
  internal::StoreScalar(key_field, &key, entry);
  const absl::Status status =
      RequestState::SetText(map.message->map_value(), value, nullptr, entry);
  return status.ok() ? status : FieldError(label, status);
}

/// Remembers that the query sets a singular field; false when it has done so before.
bool FirstValue(const FieldPlan& field, const pb::Message* parent, RequestState* state) {
  const std::pair<const pb::Message*, const FieldPlan*> entry(parent, &field);
  auto& seen = state->query_fields;
  if (std::find(seen.begin(), seen.end(), entry) != seen.end()) return false;
  seen.push_back(entry);
  return true;
}

/// A oneof's message member set twice is a second value too, and is reported as that.
absl::Status SetField(const QueryField& field, std::string_view value, const QueryFilter& filter,
                      RequestState* state) {
  absl::StatusOr<pb::Message*> parent = Enter(field, state);
  if (!parent.ok()) return parent.status();
  const FieldPlan& last = field.last();
  if (!last.repeated && !FirstValue(last, *parent, state)) {
    return FieldError(PathText(field), "too many values: the field takes one");
  }
  const MessagePlan* mask_target = nullptr;
  if (!filter.body().empty()) mask_target = filter.body().parts().back()->message;
  const absl::Status status = RequestState::SetText(last, value, mask_target, *parent);
  return status.ok() ? status : FieldError(PathText(field), status);
}

}  // namespace

absl::Status RequestBuilder::AddQuery(std::string_view key, std::string_view value,
                                      const QueryFilter& filter) {
  const QueryKey split = SplitKey(key);
  absl::StatusOr<QueryField> field = ResolveQuery(&state_->plan, split.path, filter);
  if (!field.ok()) return field.status();
  if (field->ignored) return absl::OkStatus();
  const FieldPlan& last = field->last();
  if (last.map) {
    if (!split.map_key) {
      return FieldError(PathText(*field),
                        "is a map: give its entries as " + PathText(*field) + "[key]=value");
    }
    absl::StatusOr<pb::Message*> parent = Enter(*field, state_.get());
    if (!parent.ok()) return parent.status();
    return SetMapEntry(*field, *split.map_key, value, *parent, state_.get());
  }
  // `ids[]=1` is how some clients write a repeated field.
  if (split.map_key && !(last.repeated && split.map_key->empty())) {
    return FieldError(PathText(*field), "is no map: it takes no [key]");
  }
  if (last.repeated && last.message != nullptr) {
    return FieldError(PathText(*field), "a repeated " + last.message->descriptor->full_name() +
                                            " cannot be given as text");
  }
  return SetField(*field, value, filter, state_.get());
}

}  // namespace slipway::schema
