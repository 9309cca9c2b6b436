#include "schema/json_writer.h"

#include <string>

#include "gtest/gtest.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

using testing::ToJson;
using testing::Type;
using testing::Wire;

struct Case {
  std::string text;
  std::string expected;
};

std::string Scalars(const std::string& text) { return ToJson(Type("test.v1.Scalars"), text); }

/// The value of one field in the JSON of an Everything.
std::string Value(const std::string& text, const std::string& name) {
  const std::string json = ToJson(testing::EverythingType(), text);
  const size_t start = json.find("\"" + name + "\":");
  if (start == std::string::npos) return json;
  const size_t value = start + name.size() + 3;
  // Up to the next field of the message itself; fields are in order of declaration.
  int depth = 0;
  bool quoted = false;
  for (size_t i = value; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"' && json[i - 1] != '\\') quoted = !quoted;
    if (quoted) continue;
    if (depth == 0 && (c == ',' || c == '}')) return json.substr(value, i - value);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return json;
}

TEST(JsonWriter, ZeroValuesAreShown) {
  EXPECT_EQ(Scalars(""),
            R"({"int32Value":0,"int64Value":"0","uint32Value":0,"uint64Value":"0",)"
            R"("sint32Value":0,"sint64Value":"0","fixed32Value":0,"fixed64Value":"0",)"
            R"("sfixed32Value":0,"sfixed64Value":"0","floatValue":0,"doubleValue":0,)"
            R"("boolValue":false,"stringValue":"","bytesValue":"","color":"COLOR_UNSPECIFIED",)"
            R"("customName":""})");
  EXPECT_EQ(ToJson(testing::EverythingType(), ""),
            R"({"scalars":null,"inner":null,"numbers":[],"bigNumbers":[],"strings":[],)"
            R"("inners":[],"colors":[],"labels":{},"byNumber":{},"byBool":{},"time":null,)"
            R"("duration":null,"mask":null,"any":null,"struct":null,"value":null,"list":null,)"
            R"("empty":null,"wrappedLong":null,"wrappedString":null,"wrappedBool":null,)"
            R"("wrappedBytes":null,"values":[],"nullValue":null,"blobs":[],"doubles":[],)"
            R"("colorsByName":{},"wrappedDouble":null})");
  EXPECT_EQ(ToJson(Type("google.protobuf.Empty"), ""), "{}");
}

TEST(JsonWriter, Proto2PresenceIsNull) {
  EXPECT_EQ(ToJson(Type("test.v1.Legacy"), "id: 'a'"),
            R"({"id":"a","count":null,"size":null,"sizes":[],"part":null})");
  EXPECT_EQ(ToJson(Type("test.v1.Legacy"),
                   "id: 'a' count: 7 Part { label: 'l' } [test.v1.note]: 'n' [test.v1.marks]: 1"),
            R"({"id":"a","count":7,"size":null,"sizes":[],"part":{"label":"l"},)"
            R"("[test.v1.note]":"n","[test.v1.marks]":["1"]})");
}

TEST(JsonWriter, OneofMembersAreOmittedWhenUnset) {
  EXPECT_EQ(Value("maybe: ''", "maybe"), "\"\"");
  EXPECT_EQ(Value("number: 0", "number"), "0");
  EXPECT_EQ(Value("nothing: NULL_VALUE", "nothing"), "null");
  EXPECT_EQ(ToJson(testing::EverythingType(), "").find("maybe"), std::string::npos);
}

TEST(JsonWriter, Numbers) {
  const Case cases[] = {
      {"double_value: 0.1", "0.1"},
      {"double_value: 1e20", "100000000000000000000"},
      {"double_value: 1e21", "1e+21"},
      {"double_value: 1e-6", "0.000001"},
      {"double_value: 1e-7", "1e-7"},
      {"double_value: 1.5e-10", "1.5e-10"},
      {"double_value: 1.7976931348623157e308", "1.7976931348623157e+308"},
      {"double_value: 5e-324", "5e-324"},
      {"double_value: -0.0", "-0"},
      {"double_value: nan", "\"NaN\""},
      {"double_value: inf", "\"Infinity\""},
      {"double_value: -inf", "\"-Infinity\""},
      {"double_value: 123456789012", "123456789012"},
  };
  for (const Case& c : cases) {
    EXPECT_NE(Scalars(c.text).find("\"doubleValue\":" + c.expected + ","), std::string::npos)
        << c.text << " gives " << Scalars(c.text);
  }
  EXPECT_NE(Scalars("float_value: 0.1").find("\"floatValue\":0.1,"), std::string::npos);
  EXPECT_NE(Scalars("float_value: 16777216").find("\"floatValue\":16777216,"), std::string::npos);
  EXPECT_NE(
      Scalars("int64_value: -9223372036854775808").find(R"("int64Value":"-9223372036854775808")"),
      std::string::npos);
  EXPECT_NE(Scalars("color: 77").find("\"color\":77"), std::string::npos);
}

TEST(JsonWriter, Text) {
  EXPECT_NE(Scalars(R"(string_value: "<a>&\"\\/\b\f\n\r\t\001\177é😀")")
                .find("\"<a>&\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7Fé😀\""),
            std::string::npos);
  EXPECT_NE(Scalars(R"(bytes_value: "\373\377")").find("\"bytesValue\":\"+/8=\""),
            std::string::npos);
}

TEST(JsonWriter, MapsAreSortedByKey) {
  EXPECT_EQ(Value("by_number { key: 10 value {} } by_number { key: -2 value {} } "
                  "by_number { key: 9 value { name: 'x' } }",
                  "byNumber"),
            R"({"-2":{"name":"","big":"0","inner":null,"tags":[],"color":"COLOR_UNSPECIFIED"},)"
            R"("9":{"name":"x","big":"0","inner":null,"tags":[],"color":"COLOR_UNSPECIFIED"},)"
            R"("10":{"name":"","big":"0","inner":null,"tags":[],"color":"COLOR_UNSPECIFIED"}})");
  EXPECT_EQ(Value("by_bool { key: true value: 2 } by_bool { key: false value: 1 }", "byBool"),
            R"({"false":"1","true":"2"})");
  EXPECT_EQ(Value("labels { key: 'b' value: '2' } labels { key: 'a\"' value: '1' }", "labels"),
            R"({"a\"":"1","b":"2"})");
}

TEST(JsonWriter, WellKnownTypes) {
  const struct {
    std::string text, name, expected;
  } cases[] = {
      {"time {}", "time", R"("1970-01-01T00:00:00Z")"},
      {"time { seconds: -62135596800 }", "time", R"("0001-01-01T00:00:00Z")"},
      {"time { seconds: 253402300799 nanos: 1 }", "time", R"("9999-12-31T23:59:59.000000001Z")"},
      {"time { seconds: 1 nanos: 500000000 }", "time", R"("1970-01-01T00:00:01.500Z")"},
      {"time { nanos: 1000 }", "time", R"("1970-01-01T00:00:00.000001Z")"},
      {"duration { seconds: -1 nanos: -500000000 }", "duration", R"("-1.500s")"},
      {"duration { nanos: -1 }", "duration", R"("-0.000000001s")"},
      {"duration {}", "duration", R"("0s")"},
      {"mask { paths: 'foo_bar.baz' paths: 'x' }", "mask", R"("fooBar.baz,x")"},
      {"mask {}", "mask", R"("")"},
      {"struct { fields { key: 'b' value { number_value: 1 } } fields { key: 'a' value { "
       "null_value: NULL_VALUE } } }",
       "struct", R"({"a":null,"b":1})"},
      {"value { string_value: 'x' }", "value", R"("x")"},
      {"value { list_value { values { bool_value: true } } }", "value", "[true]"},
      {"value {}", "value", "null"},
      {"list {}", "list", "[]"},
      {"empty {}", "empty", "{}"},
      {"wrapped_long { value: 5 }", "wrappedLong", R"("5")"},
      {"wrapped_bool {}", "wrappedBool", "false"},
      {"wrapped_bytes { value: 'a' }", "wrappedBytes", R"("YQ==")"},
      {"any {}", "any", "{}"},
      {"any { [type.googleapis.com/google.protobuf.Duration] { seconds: 1 } }", "any",
       R"({"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"})"},
      {"any { [type.googleapis.com/google.protobuf.Empty] { } }", "any",
       R"({"@type":"type.googleapis.com/google.protobuf.Empty","value":{}})"},
      {"any { [type.googleapis.com/test.v1.PairRequest] { first_name: 'x' } }", "any",
       R"({"@type":"type.googleapis.com/test.v1.PairRequest","firstName":"x","lastName":""})"},
      {"any { type_url: 'x/no.Such' value: 'a' }", "any",
       R"({"@type":"x/no.Such","value":"YQ=="})"},
  };
  for (const auto& c : cases) EXPECT_EQ(Value(c.text, c.name), c.expected) << c.text;
}

TEST(JsonWriter, WhatJsonCannotExpress) {
  const Case cases[] = {
      {"time { seconds: 253402300800 }",
       "field time: google.protobuf.Timestamp is out of range: 253402300800 seconds, 0 nanos"},
      {"time { nanos: -1 }",
       "field time: google.protobuf.Timestamp is out of range: 0 seconds, -1 nanos"},
      {"duration { seconds: 1 nanos: -1 }",
       "field duration: google.protobuf.Duration is out of range: 1 seconds, -1 nanos"},
      {"mask { paths: 'fooBar' }", "field mask: path \"fooBar\" of a FieldMask has no JSON form"},
      {"values { number_value: 1 } values { number_value: nan }",
       "field values: a google.protobuf.Value holds a number that is not finite"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ToJson(testing::EverythingType(), c.text),
              "error: the message cannot be written as JSON: " + c.expected);
  }
}

TEST(JsonWriter, FailureAppendsNothing) {
  std::string out = "before";
  const ResponseFormat format(testing::EverythingType(), FieldPath());
  EXPECT_FALSE(format.AppendJson(Wire(testing::EverythingType(), "time { nanos: -1 }"), &out).ok());
  EXPECT_EQ(out, "before");
  EXPECT_EQ(format.AppendJson("\xFF\xFF", &out).message(),
            "the response does not decode as test.v1.Everything");
  EXPECT_EQ(out, "before");
}

TEST(JsonWriter, NestedAnyIsBounded) {
  const MessageType& type = Type("google.protobuf.Any");
  std::string wire;
  for (int i = 0; i < 2000; ++i) {
    auto message = type.plan().prototype->New();
    const auto* descriptor = message->GetDescriptor();
    message->GetReflection()->SetString(message, descriptor->FindFieldByNumber(1),
                                        "x/google.protobuf.Any");
    message->GetReflection()->SetString(message, descriptor->FindFieldByNumber(2), wire);
    wire = message->SerializeAsString();
    delete message;
  }
  EXPECT_FALSE(JsonFromWire(type, wire).ok());
}

TEST(ResponseFormat, ResponseBody) {
  const MessageType& page = Type("test.v1.Page");
  const std::string item =
      R"({"name":"a","big":"5","inner":null,"tags":[],"color":"COLOR_UNSPECIFIED"})";
  EXPECT_EQ(ToJson(page, "items { name: 'a' big: 5 }", "items"), "[" + item + "]");
  EXPECT_EQ(ToJson(page, "", "items"), "[]");
  EXPECT_EQ(ToJson(page, "one { name: 'a' big: 5 }", "one"), item);
  EXPECT_EQ(ToJson(page, "", "one"),
            R"({"name":"","big":"0","inner":null,"tags":[],"color":"COLOR_UNSPECIFIED"})");
  EXPECT_EQ(ToJson(page, "total: 9007199254740993", "total"), "9007199254740993");
  EXPECT_EQ(ToJson(page, "counts { key: 'a' value: 5 }", "counts"), R"({"a":5})");
  EXPECT_EQ(ToJson(page, "one { tags: 'x' tags: 'y' }", "one.tags"), R"(["x","y"])");
  EXPECT_EQ(ToJson(page, "", "one.name"), R"("")");
  EXPECT_EQ(ToJson(page, "one { color: RED }", "one.color"), R"("RED")");
  EXPECT_EQ(ToJson(testing::EverythingType(), "big_numbers: 1 big_numbers: 2", "big_numbers"),
            "[1,2]");
  EXPECT_EQ(ToJson(testing::EverythingType(), "blobs: 'a'", "blobs"), R"(["YQ=="])");
}

TEST(ResponseFormat, HttpBody) {
  const MessageType& body = Type("google.api.HttpBody");
  const MessageType& holder = Type("test.v1.HttpBodyHolder");
  const ResponseFormat whole(body, FieldPath());
  ASSERT_TRUE(whole.is_http_body());
  const std::string wire = Wire(body, "content_type: 'text/plain' data: '\\001\\377'");
  auto view = whole.ReadHttpBody(wire);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->content_type, "text/plain");
  EXPECT_EQ(view->data, "\x01\xFF");
  const ResponseFormat part(holder, testing::Path(holder, "body"));
  ASSERT_TRUE(part.is_http_body());
  const std::string held = Wire(holder, "id: 'a' body { data: 'x' }");
  auto held_view = part.ReadHttpBody(held);
  ASSERT_TRUE(held_view.ok());
  EXPECT_EQ(held_view->content_type, "");
  EXPECT_EQ(held_view->data, "x");
  EXPECT_TRUE(part.ReadHttpBody("")->data.empty());
  EXPECT_FALSE(part.ReadHttpBody("\x12\x7F").ok());
  EXPECT_FALSE(ResponseFormat(holder, FieldPath()).is_http_body());
}

}  // namespace
}  // namespace slipway::schema
