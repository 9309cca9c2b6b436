#include "schema/message.h"

#include <algorithm>
#include <utility>

#include "schema/json_text.h"
#include "schema/plan.h"

namespace slipway::schema {

using internal::FieldPlan;
using internal::MessagePlan;
using internal::WellKnown;

const std::string& MessageType::full_name() const { return plan_->descriptor->full_name(); }

absl::StatusOr<FieldPath> MessageType::Resolve(std::string_view dotted) const {
  FieldPath path;
  const MessagePlan* plan = plan_;
  while (true) {
    const size_t dot = dotted.find('.');
    const std::string_view name = dotted.substr(0, dot);
    const FieldPlan* field = plan->Find(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError("there is no field " + internal::QuoteShort(name) + " in " +
                                        plan->descriptor->full_name());
    }
    path.parts_.push_back(field);
    if (!path.text_.empty()) path.text_ += '.';
    path.text_ += field->name();
    if (dot == dotted.npos) return path;
    if (field->repeated || field->message == nullptr) {
      return absl::InvalidArgumentError("field " + path.text_ + " of " + full_name() +
                                        " is no singular message: it has no field " +
                                        internal::QuoteShort(dotted.substr(dot + 1)));
    }
    plan = field->message;
    dotted.remove_prefix(dot + 1);
  }
}

absl::Status MessageType::CheckCapture(const FieldPath& path) const {
  if (path.empty()) return absl::InvalidArgumentError("a path variable needs a field");
  const FieldPlan& field = *path.parts().back();
  const bool fits = field.message == nullptr ||
                    (!field.repeated && (field.message->known == WellKnown::kTimestamp ||
                                         field.message->known == WellKnown::kDuration ||
                                         field.message->known == WellKnown::kWrapper));
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "field " + path.text() + " of " + full_name() + " is " +
      (field.map ? "a map"
                 : std::string(field.repeated ? "a repeated " : "a ") +
                       field.message->descriptor->full_name()) +
      ": a path variable needs a scalar, an enum, a Timestamp, a Duration or a wrapper");
}

bool MessageType::IsHttpBody(const FieldPath& path) const {
  if (path.empty()) return plan_->http_body;
  const FieldPlan& field = *path.parts().back();
  return !field.repeated && field.message != nullptr && field.message->http_body;
}

QueryFilter::QueryFilter(const MessageType& type, FieldPath body, std::vector<FieldPath> captures,
                         Options options)
    : body_(std::move(body)), captures_(std::move(captures)), options_(options) {
  const auto covered = [this](const FieldPlan& field) {
    const auto is_field = [&](const FieldPath& path) {
      return path.depth() == 1 && path.parts()[0] == &field;
    };
    return is_field(body_) || std::any_of(captures_.begin(), captures_.end(), is_field);
  };
  const std::vector<FieldPlan>& fields = type.plan().fields;
  covers_all_ = std::all_of(fields.begin(), fields.end(), covered);
}

bool QueryFilter::Excludes(const FieldPlan* const* parts, size_t count) const {
  const auto begins = [&](const FieldPath& path) {
    return !path.empty() && path.depth() <= count &&
           std::equal(path.parts().begin(), path.parts().end(), parts);
  };
  return begins(body_) || std::any_of(captures_.begin(), captures_.end(), begins);
}

}  // namespace slipway::schema
