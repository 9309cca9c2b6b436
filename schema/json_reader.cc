#include "schema/json_reader.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "schema/base64.h"
#include "schema/json_text.h"

namespace slipway::schema::internal {

using F = pb::FieldDescriptor;

/// Which fields and oneofs of one object have come already.
class JsonReader::Seen {
 public:
  explicit Seen(const MessagePlan& plan)
      : oneofs_start_(plan.fields.size()),
        words_((plan.fields.size() + plan.descriptor->oneof_decl_count()) / 64 + 1) {}

  bool AddField(const FieldPlan& field) { return Add(field.index); }
  bool AddOneof(const FieldPlan& field) {
    return Add(oneofs_start_ + field.field->containing_oneof()->index());
  }

 private:
  bool Add(size_t bit) {
    uint64_t& word = words_[bit / 64];
    const uint64_t mask = uint64_t{1} << bit % 64;
    const bool is_new = (word & mask) == 0;
    word |= mask;
    return is_new;
  }

  size_t oneofs_start_;
  absl::InlinedVector<uint64_t, 4> words_;
};

bool JsonReader::ReadMessage(const MessagePlan& plan, pb::Message* message) {
  switch (plan.known) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
      return ReadTime(plan, message);
    case WellKnown::kFieldMask:
      return ReadFieldMask(plan, message);
    case WellKnown::kAny:
      return ReadAny(plan, message);
    case WellKnown::kStruct: {
      if (cursor_.Peek() != '{') return BadValue(cursor_, "a JSON object");
      return ReadMap(plan.fields[0], message);
    }
    case WellKnown::kListValue: {
      if (cursor_.Peek() != '[') return BadValue(cursor_, "a JSON array");
      return ReadArray(plan.fields[0], message);
    }
    case WellKnown::kValue:
      return ReadValue(plan, message);
    case WellKnown::kWrapper:
      return ReadWrapper(plan, message);
    case WellKnown::kEmpty:
    case WellKnown::kNone:
      return ReadObject(plan, {}, message);
  }
  return false;
}

bool JsonReader::ReadObject(const MessagePlan& plan, std::string_view ignored_key,
                            pb::Message* message) {
  if (cursor_.Peek() != '{') {
    return BadValue(cursor_, "a JSON object (" + plan.descriptor->full_name() + ")");
  }
  cursor_.Consume('{');
  if (!cursor_.Enter()) return false;
  Seen seen(plan);
  bool first = true;
  bool more = false;
  std::string_view key;
  while (cursor_.NextKey(&first, &more, &key) && more) {
    const FieldPlan* field = plan.Find(key);
    bool read;
    if (field != nullptr) {
      read = ReadMember(plan, *field, &seen, message);
    } else if (ignore_unknown_ || (!ignored_key.empty() && key == ignored_key)) {
      read = cursor_.SkipValue();
    } else {
      read =
          FailHere("there is no field " + QuoteShort(key) + " in " + plan.descriptor->full_name());
    }
    if (!read) return false;
  }
  cursor_.Leave();
  return error().ok();
}

bool JsonReader::ReadMember(const MessagePlan& plan, const FieldPlan& field, Seen* seen,
                            pb::Message* message) {
  const At at(this, {nullptr, &field, {}, 0, Place::kField});
  if (!seen->AddField(field)) return FailHere("given more than once");
  if (field.real_oneof) {
    const bool null =
        cursor_.Peek() == 'n' && !field.is_known(WellKnown::kValue) && !field.null_enum;
    if (!null && !seen->AddOneof(field)) {
      return FailHere("another field of oneof \"" + field.field->containing_oneof()->name() +
                      "\" is given already");
    }
  }
  return ReadField(field, message);
}

bool JsonReader::ReadField(const FieldPlan& field, pb::Message* parent) {
  if (cursor_.Peek() == 'n') {
    const bool null_is_value =
        !field.repeated && (field.is_known(WellKnown::kValue) || field.null_enum);
    if (!null_is_value) return cursor_.ReadWord("null");
  }
  if (field.map) {
    if (cursor_.Peek() != '{') return BadValue(cursor_, "a JSON object");
    return ReadMap(field, parent);
  }
  if (field.repeated) {
    if (cursor_.Peek() != '[') return BadValue(cursor_, "a JSON array");
    return ReadArray(field, parent);
  }
  return ReadElement(field, parent);
}

bool JsonReader::ReadBodyField(const FieldPlan& field, pb::Message* parent) {
  const At at(this, {nullptr, &field, {}, 0, Place::kField});
  const bool message = field.message != nullptr && !field.repeated;
  return message ? ReadElement(field, parent) : ReadField(field, parent);
}

/// A singular field's value, or one more element of a repeated one.
bool JsonReader::ReadElement(const FieldPlan& field, pb::Message* parent) {
  const pb::Reflection* reflection = parent->GetReflection();
  if (field.message != nullptr) {
    pb::Message* child = field.repeated ? reflection->AddMessage(parent, field.field)
                                        : reflection->MutableMessage(parent, field.field);
    return ReadMessage(*field.message, child);
  }
  Scalar value;
  const Outcome outcome = ReadScalar(field, &value);
  if (outcome == Outcome::kStored) StoreScalar(field, &value, parent);
  return outcome != Outcome::kFailed;
}

bool JsonReader::ReadArray(const FieldPlan& field, pb::Message* parent) {
  cursor_.Consume('[');
  if (!cursor_.Enter()) return false;
  At at(this, {nullptr, nullptr, {}, 0, Place::kIndex});
  bool first = true;
  bool more = false;
  while (cursor_.NextElement(&first, &more) && more) {
    const bool null_is_value = field.is_known(WellKnown::kValue) || field.null_enum;
    if (cursor_.Peek() == 'n' && !null_is_value) return BadValue(cursor_, AllowedValues(field));
    if (!ReadElement(field, parent)) return false;
    ++at->index;
  }
  cursor_.Leave();
  return error().ok();
}

bool JsonReader::ReadMap(const FieldPlan& field, pb::Message* parent) {
  cursor_.Consume('{');
  if (!cursor_.Enter()) return false;
  const pb::Reflection* reflection = parent->GetReflection();
  const MessagePlan& entry_plan = *field.message;
  absl::flat_hash_set<std::string> keys;
  bool first = true;
  bool more = false;
  std::string_view key;
  while (cursor_.NextKey(&first, &more, &key) && more) {
    const std::string key_text(key);
    const At at(this, {nullptr, nullptr, key_text, 0, Place::kKey});
    Scalar key_value;
    if (!ScalarFromMapKey(entry_plan.map_key(), key_text, &key_value)) {
      return FailHere("the key is not allowed: expected " + AllowedValues(entry_plan.map_key()));
    }
    if (!keys.insert(key_text).second) return FailHere("given more than once");
    pb::Message* entry = reflection->AddMessage(parent, field.field);
    StoreScalar(entry_plan.map_key(), &key_value, entry);
    const Outcome outcome = ReadMapValue(entry_plan, entry);
    if (outcome == Outcome::kFailed) return false;
    if (outcome == Outcome::kDropped) reflection->RemoveLast(parent, field.field);
  }
  cursor_.Leave();
  return error().ok();
}

JsonReader::Outcome JsonReader::ReadMapValue(const MessagePlan& entry_plan, pb::Message* entry) {
  const FieldPlan& field = entry_plan.map_value();
  if (cursor_.Peek() == 'n' && !field.is_known(WellKnown::kValue) && !field.null_enum) {
    BadValue(cursor_, AllowedValues(field));
    return Outcome::kFailed;
  }
  if (field.message != nullptr) {
    pb::Message* child = entry->GetReflection()->MutableMessage(entry, field.field);
    return ReadMessage(*field.message, child) ? Outcome::kStored : Outcome::kFailed;
  }
  Scalar value;
  const Outcome outcome = ReadScalar(field, &value);
  if (outcome == Outcome::kStored) StoreScalar(field, &value, entry);
  return outcome;
}

bool JsonReader::BadValue(const JsonCursor& at, const std::string& allowed) {
  // A value that is no JSON at all is a syntax error and not a matter of types.
  std::string_view ignored;
  if (JsonCursor probe = at; !probe.TakeValue(&ignored)) return cursor_.FailWith(probe.error());
  return FailHere(DescribeValue(at) + " is not allowed: expected " + allowed);
}

bool JsonReader::FailHere(const std::string& problem) {
  return cursor_.FailWith(absl::InvalidArgumentError(FieldLabel(PlaceText()) + ": " + problem));
}

std::string JsonReader::PlaceText() const {
  std::vector<const Place*> places;
  for (const Place* place = place_; place != nullptr; place = place->outer) {
    places.push_back(place);
  }
  std::string text;
  for (auto it = places.rbegin(); it != places.rend(); ++it) {
    const Place& place = **it;
    if (place.kind == Place::kIndex) {
      text += "[" + std::to_string(place.index) + "]";
    } else if (place.kind == Place::kKey) {
      text += "[" + QuoteShort(place.key) + "]";
    } else {
      if (!text.empty()) text += '.';
      text += place.field->name();
    }
  }
  return text;
}

std::string FieldLabel(std::string_view path) {
  return path.empty() ? "the message" : "field " + std::string(path);
}

}  // namespace slipway::schema::internal
