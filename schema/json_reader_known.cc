#include <optional>
#include <string>
#include <utility>

#include "schema/deterministic.h"
#include "schema/field_mask.h"
#include "schema/json_reader.h"
#include "schema/json_text.h"
#include "schema/time_text.h"

namespace slipway::schema::internal {

bool JsonReader::ReadTime(const MessagePlan& plan, pb::Message* message) {
  const bool is_time = plan.known == WellKnown::kTimestamp;
  const std::string allowed = is_time ? "a time like 2030-01-31T09:30:00Z, years 0001 to 9999"
                                      : "a duration like 1.5s, at most 315576000000s";
  if (cursor_.Peek() != '"') return BadValue(cursor_, allowed);
  std::string_view text;
  if (!cursor_.ReadString(&text)) return false;
  const std::optional<SecondsNanos> time = is_time ? ParseTimestamp(text) : ParseDuration(text);
  if (!time) return FailHere(QuoteShort(text) + " is not allowed: expected " + allowed);
  plan.reflection->SetInt64(message, plan.FindNumber(1)->field, time->seconds);
  plan.reflection->SetInt32(message, plan.FindNumber(2)->field, time->nanos);
  return true;
}

bool JsonReader::ReadFieldMask(const MessagePlan& plan, pb::Message* message) {
  const std::string allowed = "a string of lowerCamelCase field paths separated by commas";
  if (cursor_.Peek() != '"') return BadValue(cursor_, allowed);
  std::string_view view;
  if (!cursor_.ReadString(&view)) return false;
  const std::string text(view);
  std::string_view rest = text;
  std::string path;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    if (!MaskPathFromJson(rest.substr(0, comma), &path) || comma + 1 == rest.size()) {
      return FailHere(QuoteShort(text) + " is not allowed: expected " + allowed);
    }
    plan.reflection->AddString(message, plan.FindNumber(1)->field, path);
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
  }
  return true;
}

bool JsonReader::ReadWrapper(const MessagePlan& plan, pb::Message* message) {
  if (cursor_.Peek() == 'n') return BadValue(cursor_, AllowedValues(plan.fields[0]));
  return ReadElement(plan.fields[0], message);
}

bool JsonReader::ReadValue(const MessagePlan& plan, pb::Message* message) {
  const auto field = [&plan](int number) -> const FieldPlan& { return *plan.FindNumber(number); };
  switch (cursor_.Peek()) {
    case 'n':
      plan.reflection->SetEnumValue(message, field(1).field, 0);
      return cursor_.ReadWord("null");
    case 't':
    case 'f':
      return ReadElement(field(4), message);
    case '"':
      return ReadElement(field(3), message);
    case '{':
      return ReadElement(field(5), message);
    case '[':
      return ReadElement(field(6), message);
    default:
      return ReadElement(field(2), message);
  }
}

bool JsonReader::ReadAny(const MessagePlan& plan, pb::Message* message) {
  if (cursor_.Peek() != '{') return BadValue(cursor_, "a JSON object with \"@type\"");
  std::string url;
  bool empty = false;
  if (!FindTypeUrl(&url, &empty)) return false;
  if (empty) return cursor_.SkipValue();
  const size_t slash = url.rfind('/');
  const MessagePlan* content =
      plan.set->Find(std::string_view(url).substr(slash == url.npos ? 0 : slash + 1));
  if (content == nullptr) {
    return FailHere("@type " + QuoteShort(url) + " names no message that is known here");
  }
  pb::Arena arena;
  pb::Message* inner = content->prototype->New(&arena);
  if (!ReadAnyContent(*content, inner)) return false;
  if (!inner->IsInitialized()) {
    return FailHere("required fields are missing: " + inner->InitializationErrorString());
  }
  plan.reflection->SetString(message, plan.FindNumber(1)->field, url);
  std::string bytes;
  if (!AppendDeterministic(*inner, &bytes)) return FailHere("the message is larger than 2 GiB");
  plan.reflection->SetString(message, plan.FindNumber(2)->field, std::move(bytes));
  return true;
}

/// Looks ahead for `@type`, which may come anywhere in the object.
bool JsonReader::FindTypeUrl(std::string* url, bool* empty) {
  JsonCursor ahead = cursor_;
  ahead.Consume('{');
  if (!ahead.Enter()) return cursor_.FailWith(ahead.error());
  bool first = true;
  bool more = false;
  bool found = false;
  std::string_view key;
  while (ahead.NextKey(&first, &more, &key) && more) {
    if (key != "@type") {
      if (!ahead.SkipValue()) break;
      continue;
    }
    if (found) return FailHere("@type is given more than once");
    std::string_view value;
    if (!ahead.ReadString(&value)) break;
    url->assign(value);
    found = true;
  }
  if (!ahead.error().ok()) return cursor_.FailWith(ahead.error());
  *empty = first;
  if (found || *empty) return true;
  return FailHere("@type is missing: it names the type of an Any");
}

/// The object behind a known `@type`: the message's fields, or `value` for a well-known type.
bool JsonReader::ReadAnyContent(const MessagePlan& plan, pb::Message* message) {
  if (plan.known == WellKnown::kNone) return ReadObject(plan, "@type", message);
  cursor_.Consume('{');
  if (!cursor_.Enter()) return false;
  bool first = true;
  bool more = false;
  bool found = plan.known == WellKnown::kEmpty;
  bool seen = false;
  std::string_view key;
  while (cursor_.NextKey(&first, &more, &key) && more) {
    if (key == "value") {
      if (seen) return FailHere("\"value\" is given more than once");
      found = seen = true;
      if (!ReadMessage(plan, message)) return false;
    } else if (key == "@type" || ignore_unknown_) {
      if (!cursor_.SkipValue()) return false;
    } else {
      return FailHere("there is no field " + QuoteShort(key) + " beside @type and value");
    }
  }
  cursor_.Leave();
  if (!error().ok()) return false;
  return found || FailHere("\"value\" is missing beside @type");
}

}  // namespace slipway::schema::internal
