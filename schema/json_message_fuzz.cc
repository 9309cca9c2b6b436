// Any bytes as the JSON of a message that has every kind of field, as its wire bytes, and as query
// parameters of a request. What parses prints, and what was printed parses to what prints the same;
// the strict reading is a part of the lenient one; refusals are the caller's fault
// (INVALID_ARGUMENT) or, of wire bytes, the backend's (INTERNAL).
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "schema/json_cursor.h"
#include "schema/json_text.h"
#include "schema/test_schema.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::schema {
namespace {

using fuzz::Check;

std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

/// `json` is what was printed for a message.
void CheckPrinted(const MessageType& type, const std::string& json) {
  Check(internal::IsValidUtf8(json), "JSON is UTF-8");
  const auto wire = WireFromJson(type, json);
  // A google.protobuf.Any of a type that is not known is printed by its bytes, and is no input.
  if (!wire.ok() && json.find("\"@type\"") != json.npos) return;
  Check(wire.ok(), "what was printed parses", wire.ok() ? "" : Message(wire.status()));
  const auto again = JsonFromWire(type, *wire);
  Check(again.ok() && *again == json, "what was printed prints the same", json);
}

void CheckJson(const MessageType& type, std::string_view json) {
  const auto strict = WireFromJson(type, json);
  const auto lenient = WireFromJson(type, json, {.ignore_unknown = true});
  Check(!strict.ok() || (lenient.ok() && *lenient == *strict), "lenient reads what strict does");
  if (!lenient.ok()) {
    Check(lenient.status().code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
    Check(internal::IsValidUtf8(Message(lenient.status())), "errors are UTF-8");
    return;
  }
  const auto printed = JsonFromWire(type, *lenient);
  Check(printed.ok(), "what parses prints", printed.ok() ? "" : Message(printed.status()));
  CheckPrinted(type, *printed);
}

/// Levels of arrays and objects; what is nested deeper than can be read back is printed, too.
int DepthOf(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '{' || c == '[')) {
      deepest = std::max(deepest, ++depth);
    } else if (!in_string && (c == '}' || c == ']')) {
      --depth;
    }
  }
  return deepest;
}

void CheckWire(const MessageType& type, std::string_view wire) {
  const auto json = JsonFromWire(type, wire);
  if (!json.ok()) {
    Check(json.status().code() == absl::StatusCode::kInternal, "the backend is to blame");
  } else if (DepthOf(*json) <= internal::kMaxJsonDepth) {
    CheckPrinted(type, *json);
  }
}

/// Each line is `key=value`, decoded already.
void CheckQuery(const MessageType& type, std::string_view lines) {
  static const QueryFilter filter(type, FieldPath(), {});
  const std::string_view query = lines;
  RequestBuilder builder(type);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const size_t equals = std::min(line.find('='), line.size());
    const absl::Status added = builder.AddQuery(
        line.substr(0, equals), line.substr(std::min(equals + 1, line.size())), filter);
    if (!added.ok()) {
      Check(added.code() == absl::StatusCode::kInvalidArgument, "the caller is to blame");
      return;
    }
  }
  const auto wire = builder.Serialize();
  Check(wire.ok(), "parameters that were taken are a message");
  // As with grpc-gateway a mask's paths are taken as they are, also such as JSON cannot have.
  if (query.find("mask") != query.npos) return;
  const auto printed = JsonFromWire(type, *wire);
  Check(printed.ok(), "what parses prints", printed.ok() ? "" : Message(printed.status()));
  CheckPrinted(type, *printed);
}

}  // namespace
}  // namespace slipway::schema

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::schema;
  static const google::protobuf::LogSilencer silencer;  // it logs each text that is no UTF-8
  const std::string_view bytes = slipway::fuzz::Text(data, size);
  const MessageType& type = slipway::schema::testing::EverythingType();
  CheckJson(type, bytes);
  CheckWire(type, bytes);
  CheckQuery(type, bytes);
  return 0;
}
