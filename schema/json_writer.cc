#include "schema/json_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/base64.h"
#include "schema/json_text.h"

namespace slipway::schema::internal {

namespace {

using F = pb::FieldDescriptor;

/// Order of a map's entries: by key, numbers by value.
bool KeyLess(const FieldPlan& key, const pb::Message& a, const pb::Message& b) {
  const pb::Reflection* r = a.GetReflection();
  switch (key.cpp_type) {
    case F::CPPTYPE_INT32:
      return r->GetInt32(a, key.field) < r->GetInt32(b, key.field);
    case F::CPPTYPE_INT64:
      return r->GetInt64(a, key.field) < r->GetInt64(b, key.field);
    case F::CPPTYPE_UINT32:
      return r->GetUInt32(a, key.field) < r->GetUInt32(b, key.field);
    case F::CPPTYPE_UINT64:
      return r->GetUInt64(a, key.field) < r->GetUInt64(b, key.field);
    case F::CPPTYPE_BOOL:
      return r->GetBool(a, key.field) < r->GetBool(b, key.field);
    default: {
      std::string scratch_a;
      std::string scratch_b;
      return r->GetStringReference(a, key.field, &scratch_a) <
             r->GetStringReference(b, key.field, &scratch_b);
    }
  }
}

std::vector<const pb::Message*> SortedEntries(const FieldPlan& field, const pb::Message& message,
                                              int size) {
  std::vector<const pb::Message*> entries;
  entries.reserve(size);
  for (int i = 0; i < size; ++i) {
    entries.push_back(&message.GetReflection()->GetRepeatedMessage(message, field.field, i));
  }
  std::sort(entries.begin(), entries.end(), [&](const pb::Message* a, const pb::Message* b) {
    return KeyLess(field.message->map_key(), *a, *b);
  });
  return entries;
}

}  // namespace

bool JsonWriter::WriteMessage(const MessagePlan& plan, const pb::Message& message) {
  if (depth_ >= rpc::kMaxMessageDepth) return Fail("messages are nested too deep");
  ++depth_;
  bool written = false;
  switch (plan.known) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
      written = WriteTime(plan, message);
      break;
    case WellKnown::kFieldMask:
      written = WriteFieldMask(plan, message);
      break;
    case WellKnown::kAny:
      written = WriteAnyMessage(plan, message);
      break;
    case WellKnown::kStruct:
      written = WriteMap(plan.fields[0], message, false);
      break;
    case WellKnown::kListValue:
      written = WriteRepeated(plan.fields[0], message, false);
      break;
    case WellKnown::kValue:
      written = WriteValue(plan, message);
      break;
    case WellKnown::kWrapper:
      written = WriteSingular(plan.fields[0], message, false);
      break;
    case WellKnown::kEmpty:
    case WellKnown::kNone:
      out_->push_back('{');
      written = WriteFields(plan, message, /*comma=*/false);
      out_->push_back('}');
      break;
  }
  --depth_;
  return written;
}

bool JsonWriter::WriteFields(const MessagePlan& plan, const pb::Message& message, bool comma) {
  const pb::Reflection* reflection = plan.reflection;
  for (const FieldPlan& field : plan.fields) {
    bool null = false;
    if (!field.repeated && field.presence && !reflection->HasField(message, field.field)) {
      if (field.omit_unset) continue;
      null = true;
    } else if (field.repeated && field.omit_unset &&
               reflection->FieldSize(message, field.field) == 0) {
      continue;
    }
    if (comma) out_->push_back(',');
    comma = true;
    out_->append(field.json_key);
    if (null) {
      out_->append("null");
    } else if (!WriteField(field, message, false)) {
      return FailBelow(field);
    }
  }
  return true;
}

bool JsonWriter::WriteField(const FieldPlan& field, const pb::Message& message,
                            bool bare_integers) {
  if (field.map) return WriteMap(field, message, bare_integers);
  if (field.repeated) return WriteRepeated(field, message, bare_integers);
  return WriteSingular(field, message, bare_integers);
}

bool JsonWriter::WriteRepeated(const FieldPlan& field, const pb::Message& message,
                               bool bare_integers) {
  const int size = message.GetReflection()->FieldSize(message, field.field);
  out_->push_back('[');
  for (int i = 0; i < size; ++i) {
    if (i > 0) out_->push_back(',');
    if (!WriteElement(field, message, i, bare_integers)) return false;
  }
  out_->push_back(']');
  return true;
}

bool JsonWriter::WriteMap(const FieldPlan& field, const pb::Message& message, bool bare_integers) {
  const int size = message.GetReflection()->FieldSize(message, field.field);
  if (size == 0) {
    out_->append("{}");
    return true;
  }
  const FieldPlan& key = field.message->map_key();
  const bool text_key = key.cpp_type == F::CPPTYPE_STRING;
  char separator = '{';
  for (const pb::Message* entry : SortedEntries(field, message, size)) {
    out_->push_back(std::exchange(separator, ','));
    if (!text_key) out_->push_back('"');
    if (!WriteSingular(key, *entry, /*bare_integers=*/true)) return false;
    if (!text_key) out_->push_back('"');
    out_->push_back(':');
    if (!WriteSingular(field.message->map_value(), *entry, bare_integers)) return false;
  }
  out_->push_back('}');
  return true;
}

bool JsonWriter::WriteSingular(const FieldPlan& field, const pb::Message& message, bool bare) {
  const pb::Reflection* from = message.GetReflection();
  const F* f = field.field;
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32:
      AppendInt(from->GetInt32(message, f), out_);
      return true;
    case F::CPPTYPE_INT64:
      WriteInt64(from->GetInt64(message, f), bare);
      return true;
    case F::CPPTYPE_UINT32:
      AppendUint(from->GetUInt32(message, f), out_);
      return true;
    case F::CPPTYPE_UINT64:
      WriteUint64(from->GetUInt64(message, f), bare);
      return true;
    case F::CPPTYPE_DOUBLE:
      AppendDouble(from->GetDouble(message, f), out_);
      return true;
    case F::CPPTYPE_FLOAT:
      AppendFloat(from->GetFloat(message, f), out_);
      return true;
    case F::CPPTYPE_BOOL:
      out_->append(from->GetBool(message, f) ? "true" : "false");
      return true;
    case F::CPPTYPE_ENUM:
      WriteEnum(field, from->GetEnumValue(message, f));
      return true;
    case F::CPPTYPE_STRING: {
      std::string scratch;
      return WriteText(field, from->GetStringReference(message, f, &scratch));
    }
    case F::CPPTYPE_MESSAGE:
      return WriteMessage(*field.message, from->GetMessage(message, f));
  }
  return false;
}

bool JsonWriter::WriteElement(const FieldPlan& field, const pb::Message& message, int i,
                              bool bare) {
  const pb::Reflection* from = message.GetReflection();
  const F* f = field.field;
  switch (field.cpp_type) {
    case F::CPPTYPE_INT32:
      AppendInt(from->GetRepeatedInt32(message, f, i), out_);
      return true;
    case F::CPPTYPE_INT64:
      WriteInt64(from->GetRepeatedInt64(message, f, i), bare);
      return true;
    case F::CPPTYPE_UINT32:
      AppendUint(from->GetRepeatedUInt32(message, f, i), out_);
      return true;
    case F::CPPTYPE_UINT64:
      WriteUint64(from->GetRepeatedUInt64(message, f, i), bare);
      return true;
    case F::CPPTYPE_DOUBLE:
      AppendDouble(from->GetRepeatedDouble(message, f, i), out_);
      return true;
    case F::CPPTYPE_FLOAT:
      AppendFloat(from->GetRepeatedFloat(message, f, i), out_);
      return true;
    case F::CPPTYPE_BOOL:
      out_->append(from->GetRepeatedBool(message, f, i) ? "true" : "false");
      return true;
    case F::CPPTYPE_ENUM:
      WriteEnum(field, from->GetRepeatedEnumValue(message, f, i));
      return true;
    case F::CPPTYPE_STRING: {
      std::string scratch;
      return WriteText(field, from->GetRepeatedStringReference(message, f, i, &scratch));
    }
    case F::CPPTYPE_MESSAGE:
      return WriteMessage(*field.message, from->GetRepeatedMessage(message, f, i));
  }
  return false;
}

void JsonWriter::WriteInt64(int64_t value, bool bare) {
  if (!bare) out_->push_back('"');
  AppendInt(value, out_);
  if (!bare) out_->push_back('"');
}

void JsonWriter::WriteUint64(uint64_t value, bool bare) {
  if (!bare) out_->push_back('"');
  AppendUint(value, out_);
  if (!bare) out_->push_back('"');
}

bool JsonWriter::WriteText(const FieldPlan& field, const std::string& text) {
  if (!field.is_bytes()) return AppendQuoted(text, out_) || Fail("text that is not valid UTF-8");
  out_->push_back('"');
  AppendBase64(text, out_);
  out_->push_back('"');
  return true;
}

void JsonWriter::WriteEnum(const FieldPlan& field, int number) {
  if (field.null_enum) {
    out_->append("null");
    return;
  }
  const pb::EnumValueDescriptor* value = field.field->enum_type()->FindValueByNumber(number);
  if (value == nullptr) return AppendInt(number, out_);
  out_->push_back('"');
  out_->append(value->name());
  out_->push_back('"');
}

bool JsonWriter::Fail(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

bool JsonWriter::FailBelow(const FieldPlan& field) {
  place_ = place_.empty() ? std::string(field.name()) : std::string(field.name()) + "." + place_;
  return false;
}

absl::Status JsonWriter::error() const {
  return absl::InternalError("the message cannot be written as JSON: " +
                             (place_.empty() ? "" : "field " + place_ + ": ") + problem_);
}

}  // namespace slipway::schema::internal
