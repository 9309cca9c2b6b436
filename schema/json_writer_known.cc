#include <cmath>
#include <string>
#include <string_view>

#include "google/protobuf/arena.h"
#include "schema/base64.h"
#include "schema/field_mask.h"
#include "schema/json.h"
#include "schema/json_text.h"
#include "schema/json_writer.h"
#include "schema/time_text.h"

namespace slipway::schema::internal {

bool JsonWriter::WriteTime(const MessagePlan& plan, const pb::Message& message) {
  const SecondsNanos time{plan.reflection->GetInt64(message, plan.FindNumber(1)->field),
                          plan.reflection->GetInt32(message, plan.FindNumber(2)->field)};
  out_->push_back('"');
  const bool written = plan.known == WellKnown::kTimestamp ? AppendTimestamp(time, out_)
                                                           : AppendDuration(time, out_);
  out_->push_back('"');
  if (written) return true;
  return Fail(plan.descriptor->full_name() + " is out of range: " + std::to_string(time.seconds) +
              " seconds, " + std::to_string(time.nanos) + " nanos");
}

bool JsonWriter::WriteFieldMask(const MessagePlan& plan, const pb::Message& message) {
  const pb::FieldDescriptor* paths = plan.FindNumber(1)->field;
  const int size = plan.reflection->FieldSize(message, paths);
  std::string text;
  std::string scratch;
  for (int i = 0; i < size; ++i) {
    if (i > 0) text.push_back(',');
    const std::string& path =
        plan.reflection->GetRepeatedStringReference(message, paths, i, &scratch);
    if (!AppendMaskPathAsJson(path, &text)) {
      return Fail("path " + QuoteShort(path) + " of a FieldMask has no JSON form");
    }
  }
  return AppendQuoted(text, out_) || Fail("a FieldMask that is not valid UTF-8");
}

bool JsonWriter::WriteValue(const MessagePlan& plan, const pb::Message& message) {
  const pb::FieldDescriptor* kind = plan.reflection->GetOneofFieldDescriptor(
      message, plan.FindNumber(1)->field->containing_oneof());
  if (kind == nullptr) {
    out_->append("null");
    return true;
  }
  const FieldPlan& field = *plan.FindNumber(kind->number());
  if (field.cpp_type == pb::FieldDescriptor::CPPTYPE_DOUBLE &&
      !std::isfinite(plan.reflection->GetDouble(message, kind))) {
    return Fail("a google.protobuf.Value holds a number that is not finite");
  }
  return WriteSingular(field, message, false);
}

bool JsonWriter::WriteAnyMessage(const MessagePlan& plan, const pb::Message& message) {
  std::string url_scratch;
  std::string value_scratch;
  const std::string& url =
      plan.reflection->GetStringReference(message, plan.FindNumber(1)->field, &url_scratch);
  const std::string& value =
      plan.reflection->GetStringReference(message, plan.FindNumber(2)->field, &value_scratch);
  return WriteAny(*plan.set, url, value);
}

bool JsonWriter::WriteAny(const PlanSet& plans, const std::string& url, const std::string& value) {
  if (url.empty() && value.empty()) {
    out_->append("{}");
    return true;
  }
  const size_t slash = url.rfind('/');
  const MessagePlan* content =
      plans.Find(std::string_view(url).substr(slash == url.npos ? 0 : slash + 1));
  pb::Arena arena;
  pb::Message* inner = content == nullptr ? nullptr : content->prototype->New(&arena);
  // An unknown type is not an error: the rest of the message is worth more than a refusal.
  if (inner == nullptr || !rpc::DecodePartial(value, inner)) {
    WriteUnknownAny(url, value);
    return true;
  }
  out_->append("{\"@type\":");
  AppendJsonString(url, out_);
  if (content->known != WellKnown::kNone) {
    out_->append(",\"value\":");
    if (!WriteMessage(*content, *inner)) return false;
  } else {
    if (depth_ >= rpc::kMaxMessageDepth) return Fail("messages are nested too deep");
    ++depth_;
    if (!WriteFields(*content, *inner, /*comma=*/true)) return false;
    --depth_;
  }
  out_->push_back('}');
  return true;
}

void JsonWriter::WriteUnknownAny(std::string_view url, std::string_view value) {
  out_->append("{\"@type\":");
  AppendJsonString(url, out_);
  out_->append(",\"value\":\"");
  AppendBase64(value, out_);
  out_->append("\"}");
}

}  // namespace slipway::schema::internal
