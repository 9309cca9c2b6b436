#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "rpc/decode.h"
#include "schema/json.h"
#include "schema/message.h"
#include "schema/plan.h"
#include "schema/proto_source.h"
#include "schema/schema.h"

#ifndef SLIPWAY_SCHEMA_TESTDATA
#define SLIPWAY_SCHEMA_TESTDATA "schema/testdata"
#endif

namespace slipway::schema::testing {

/// The messages and services of testdata/, loaded once.
inline const Schema& TestSchema() {
  static const auto* schema = [] {
    const std::string dir = SLIPWAY_SCHEMA_TESTDATA;
    auto loaded = FromProtoFiles({dir + "/everything.proto", dir + "/legacy.proto"}, {dir});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new std::shared_ptr<const Schema>(*std::move(loaded));
  }();
  return **schema;
}

inline const MessageType& Type(std::string_view name) {
  const MessageType* type = TestSchema().FindMessage(name);
  EXPECT_NE(type, nullptr) << name;
  return *type;
}
inline const MessageType& EverythingType() { return Type("test.v1.Everything"); }

inline FieldPath Path(const MessageType& type, std::string_view dotted) {
  if (dotted.empty()) return FieldPath();
  auto path = type.Resolve(dotted);
  EXPECT_TRUE(path.ok()) << path.status();
  return path.ok() ? *std::move(path) : FieldPath();
}

/// Wire bytes of a message in protobuf's text format.
inline std::string Wire(const MessageType& type, const std::string& text) {
  std::unique_ptr<google::protobuf::Message> message(type.plan().prototype->New());
  google::protobuf::TextFormat::Parser parser;
  parser.AllowPartialMessage(true);
  EXPECT_TRUE(parser.ParseFromString(text, message.get())) << text;
  return message->SerializePartialAsString();
}

/// The text format of wire bytes, on one line.
inline std::string Text(const MessageType& type, std::string_view wire) {
  std::unique_ptr<google::protobuf::Message> message(type.plan().prototype->New());
  EXPECT_TRUE(rpc::DecodePartial(wire, message.get()));
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetExpandAny(true);
  std::string text;
  printer.PrintToString(*message, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

/// What JSON reads as, in text format, or `error: …`.
inline std::string FromJson(const MessageType& type, std::string_view json,
                            bool ignore_unknown = false) {
  auto wire = WireFromJson(type, json, {ignore_unknown});
  return wire.ok() ? Text(type, *wire) : "error: " + std::string(wire.status().message());
}

/// The JSON of a message given in text format, or `error: …`.
inline std::string ToJson(const MessageType& type, const std::string& text,
                          std::string_view response_body = "") {
  std::string json;
  const absl::Status status =
      ResponseFormat(type, Path(type, response_body)).AppendJson(Wire(type, text), &json);
  return status.ok() ? json : "error: " + std::string(status.message());
}

/// What a builder has made, in text format, or `error: …`.
inline std::string Built(const MessageType& type, RequestBuilder& builder) {
  auto wire = builder.Serialize();
  return wire.ok() ? Text(type, *wire) : "error: " + std::string(wire.status().message());
}

}  // namespace slipway::schema::testing
