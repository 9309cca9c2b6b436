#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "schema/message.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

using testing::Built;
using testing::Path;
using testing::Type;

std::string Body(const MessageType& type, std::string_view field, std::string_view json,
                 const BodyOptions& options = {}) {
  RequestBuilder builder(type);
  const absl::Status status = builder.MergeJsonBody(Path(type, field), json, options);
  return status.ok() ? Built(type, builder) : "error: " + std::string(status.message());
}
std::string Body(std::string_view field, std::string_view json) {
  return Body(testing::EverythingType(), field, json);
}

std::string Capture(std::string_view field, std::string_view text, char separator = ',') {
  const MessageType& type = testing::EverythingType();
  RequestBuilder builder(type);
  const absl::Status status = builder.SetCapture(Path(type, field), text, separator);
  return status.ok() ? Built(type, builder) : "error: " + std::string(status.message());
}

struct Case {
  std::string field;
  std::string input;
  std::string expected;
};

TEST(RequestBuilder, OnlyTheFirstValueOfABodyCounts) {
  EXPECT_EQ(Body("", "{}" + std::string(511, '.')), "");
  EXPECT_EQ(Body("", R"({"maybe":"a"}{"maybe":"b"})"), "maybe: \"a\"");
  EXPECT_EQ(Body("", R"({"maybe":"a","nope":1})"), "maybe: \"a\"");
  EXPECT_EQ(Body("", ""), "");
  EXPECT_EQ(Body("", " \r\n\t"), "");
  EXPECT_EQ(Body("", R"({"maybe":"a")").substr(0, 19), "error: invalid JSON");
  EXPECT_EQ(Body("", "null").substr(0, 6), "error:");
}

TEST(RequestBuilder, StrictBody) {
  BodyOptions strict;
  strict.reject_unknown = strict.reject_trailing = true;
  const MessageType& type = testing::EverythingType();
  EXPECT_EQ(Body(type, "", "{} ", strict), "");
  EXPECT_EQ(Body(type, "", "{}x", strict),
            "error: invalid JSON at line 1, column 3: unexpected text after the JSON value");
  EXPECT_EQ(Body(type, "", R"({"nope":1})", strict),
            "error: the message: there is no field \"nope\" in test.v1.Everything");
}

TEST(RequestBuilder, BodyField) {
  const Case cases[] = {
      {"inner", R"({"name":"a"})", "inner { name: \"a\" }"},
      {"inner", "", "inner { }"},
      {"inner", "null",
       "error: field inner: null is not allowed: expected a JSON object (test.v1.Inner)"},
      {"value", "null", "value { null_value: NULL_VALUE }"},
      {"maybe", R"("hello")", "maybe: \"hello\""},
      {"maybe", "", ""},
      {"maybe_number", "5", "maybe_number: 5"},
      {"maybe_number", "null", ""},
      {"numbers", "[1,2]", "numbers: 1 numbers: 2"},
      {"labels", R"({"a":"b"})", "labels { key: \"a\" value: \"b\" }"},
      {"scalars.color", R"("RED")", "scalars { color: RED }"},
      {"scalars.color", "2", "scalars { color: GREEN }"},
      {"message.name", R"("x")", "message { name: \"x\" }"},
      {"inner.name", "5", "error: field name: 5 is not allowed: expected a string"},
      {"time", R"("1970-01-01T00:00:01Z")", "time { seconds: 1 }"},
  };
  for (const Case& c : cases) EXPECT_EQ(Body(c.field, c.input), c.expected) << c.input;
}

TEST(RequestBuilder, RawHttpBody) {
  const MessageType& holder = Type("test.v1.HttpBodyHolder");
  EXPECT_TRUE(holder.IsHttpBody(Path(holder, "body")));
  EXPECT_FALSE(holder.IsHttpBody(FieldPath()));
  RequestBuilder builder(holder);
  ASSERT_TRUE(builder.SetHttpBody(Path(holder, "body"), "a/b", "\xFF{").ok());
  EXPECT_EQ(Built(holder, builder), "body { content_type: \"a/b\" data: \"\\377{\" }");
  EXPECT_FALSE(builder.SetHttpBody(Path(holder, "id"), "a/b", "x").ok());
  EXPECT_FALSE(builder.SetHttpBody(FieldPath(), "a/b", "x").ok());
  const MessageType& body = Type("google.api.HttpBody");
  RequestBuilder whole(body);
  ASSERT_TRUE(whole.SetHttpBody(FieldPath(), "a/b", "x").ok());
  EXPECT_EQ(Built(body, whole), "content_type: \"a/b\" data: \"x\"");
}

TEST(RequestBuilder, Captures) {
  const Case cases[] = {
      {"maybe", "a b", "maybe: \"a b\""},
      {"maybe", "", "maybe: \"\""},
      {"scalars.int32_value", "017", "scalars { int32_value: 17 }"},
      {"scalars.int32_value", "+7", "scalars { int32_value: 7 }"},
      {"scalars.int64_value", "-9223372036854775808",
       "scalars { int64_value: -9223372036854775808 }"},
      {"scalars.bool_value", "T", "scalars { bool_value: true }"},
      {"scalars.bool_value", "1", "scalars { bool_value: true }"},
      {"scalars.double_value", "-Inf", "scalars { double_value: -inf }"},
      {"scalars.double_value", "0x1p4", "scalars { double_value: 16 }"},
      {"scalars.double_value", "+1e3", "scalars { double_value: 1000 }"},
      {"scalars.color", "GREEN", "scalars { color: GREEN }"},
      {"scalars.color", "2", "scalars { color: GREEN }"},
      {"scalars.bytes_value", "-_8", "scalars { bytes_value: \"\\373\\377\" }"},
      {"time", "\"1970-01-01T00:00:01Z\"", "time { seconds: 1 }"},
      {"duration", "1.5s", "duration { seconds: 1 nanos: 500000000 }"},
      {"duration", "1h30m", "duration { seconds: 5400 }"},
      {"duration", "-300ms", "duration { nanos: -300000000 }"},
      {"wrapped_long", "5", "wrapped_long { value: 5 }"},
      {"wrapped_string", "", "wrapped_string { }"},
      {"numbers", "1,2", "numbers: 1 numbers: 2"},
      {"strings", "", "strings: \"\""},
      {"inner.tags", "a,b", "inner { tags: \"a,b\" }"},
      {"text", "x", "text: \"x\""},
  };
  for (const Case& c : cases) EXPECT_EQ(Capture(c.field, c.input), c.expected) << c.input;
  EXPECT_EQ(Capture("numbers", "1|2", '|'), "numbers: 1 numbers: 2");
}

TEST(RequestBuilder, CapturesThatDoNotConvert) {
  const Case cases[] = {
      {"scalars.int32_value", "0x10",
       "field scalars.int32_value: \"0x10\" is not allowed: expected a whole number from "
       "-2147483648 to 2147483647"},
      {"scalars.uint32_value", "-1",
       "field scalars.uint32_value: \"-1\" is not allowed: expected a whole number from 0 to "
       "4294967295"},
      {"scalars.bool_value", "yes",
       "field scalars.bool_value: \"yes\" is not allowed: expected true or false"},
      {"scalars.color", "PINK",
       "field scalars.color: \"PINK\" is not allowed: expected one of COLOR_UNSPECIFIED, RED, "
       "GREEN, NEGATIVE"},
      {"scalars.color", "77",
       "field scalars.color: \"77\" is not allowed: expected one of COLOR_UNSPECIFIED, RED, "
       "GREEN, NEGATIVE"},
      {"scalars.float_value", "1e39",
       "field scalars.float_value: \"1e39\" is not allowed: expected a number in the range of a "
       "32-bit float"},
      {"maybe", "\xFF", "field maybe: \"\xEF\xBF\xBD\" is not allowed: expected UTF-8 text"},
      {"numbers", "1,,2",
       "field numbers: \"\" is not allowed: expected a whole number from -2147483648 to "
       "2147483647"},
      {"time", "yesterday",
       "field time: \"yesterday\" is not allowed: expected a time like 2030-01-31T09:30:00Z, "
       "years 0001 to 9999"},
      {"wrapped_long", "x",
       "field wrapped_long: \"x\" is not allowed: expected a whole number from "
       "-9223372036854775808 to 9223372036854775807"},
      {"inner", "x", "field inner: a test.v1.Inner cannot be given as text"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Capture(c.field, c.input), "error: " + c.expected) << c.input;
  }
}

TEST(RequestBuilder, CaptureOverridesBody) {
  const MessageType& type = testing::EverythingType();
  RequestBuilder builder(type);
  ASSERT_TRUE(builder.MergeJsonBody(FieldPath(), R"({"maybe":"b","numbers":[9],"text":"t"})").ok());
  ASSERT_TRUE(builder.SetCapture(Path(type, "maybe"), "p").ok());
  ASSERT_TRUE(builder.SetCapture(Path(type, "numbers"), "1").ok());
  ASSERT_TRUE(builder.SetCapture(Path(type, "text"), "u").ok());
  EXPECT_EQ(Built(type, builder), "numbers: 1 maybe: \"p\" text: \"u\"");
  EXPECT_EQ(builder.SetCapture(Path(type, "number"), "1").message(),
            "field number: oneof \"choice\" has field \"text\" set already");
  EXPECT_EQ(builder.SetCapture(Path(type, "message.name"), "1").message(),
            "field message.name: oneof \"choice\" has field \"text\" set already");
}

TEST(RequestBuilder, RequiredFieldsMayComeFromAnywhere) {
  const MessageType& legacy = Type("test.v1.Legacy");
  RequestBuilder builder(legacy);
  ASSERT_TRUE(builder.MergeJsonBody(FieldPath(), R"({"count":1})").ok());
  EXPECT_EQ(Built(legacy, builder), "error: required fields are missing: id");
  ASSERT_TRUE(builder.SetCapture(Path(legacy, "id"), "x").ok());
  EXPECT_EQ(Built(legacy, builder), "id: \"x\" count: 1");
}

TEST(RequestBuilder, LargeRequestsOutgrowTheFirstBlock) {
  const MessageType& type = testing::EverythingType();
  std::string json = R"({"strings":[)";
  for (int i = 0; i < 5000; ++i) json += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"";
  RequestBuilder builder(type);
  ASSERT_TRUE(builder.MergeJsonBody(FieldPath(), json + "]}").ok());
  EXPECT_GT(builder.Serialize()->size(), 20000u);
}

std::string Mask(std::string_view json, std::string_view already = "") {
  const MessageType& type = Type("test.v1.UpdateRequest");
  RequestBuilder builder(type);
  BodyOptions options;
  options.fill_update_mask = true;
  const absl::Status status = builder.MergeJsonBody(Path(type, "thing"), json, options);
  if (!status.ok()) return "error: " + std::string(status.message());
  if (!already.empty()) {
    const QueryFilter filter(type, Path(type, "thing"), {});
    EXPECT_TRUE(builder.AddQuery("updateMask", already, filter).ok());
  }
  const std::string text = Built(type, builder);
  const size_t mask = text.find("update_mask");
  return mask == text.npos ? "none" : text.substr(mask);
}

TEST(RequestBuilder, UpdateMaskFromTheBody) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"maybe":"a","wrappedLong":"1"})",
       "update_mask { paths: \"maybe\" paths: \"wrapped_long\" }"},
      {R"({"inner":{"name":"a","inner":{"big":"1"}}})",
       "update_mask { paths: \"inner.inner.big\" paths: \"inner.name\" }"},
      {R"({"inners":[{"name":"a"}],"labels":{"x":"y"}})",
       "update_mask { paths: \"inners\" paths: \"labels\" }"},
      {R"({"inner":{}})", "update_mask { paths: \"inner\" }"},
      {R"({"inner":null,"time":"1970-01-01T00:00:00Z"})",
       "update_mask { paths: \"inner\" paths: \"time\" }"},
      {R"({"struct":{"a":{"bC":1},"d":{}}})",
       "update_mask { paths: \"struct.a.bC\" paths: \"struct.d\" }"},
      {R"({"any":{"@type":"x/test.v1.Inner","name":"n"}})", "update_mask { paths: \"any\" }"},
      {"{}", "update_mask { }"},
      {"", "none"},
      {R"({"nope":1})",
       "error: the update mask cannot name \"nope\": there is no such field in "
       "test.v1.Everything"},
      {R"({"inner":{"nope":1}})",
       "error: the update mask cannot name \"inner.nope\": there is no such field in "
       "test.v1.Inner"},
  };
  for (const auto& [json, expected] : cases) EXPECT_EQ(Mask(json), expected) << json;
}

TEST(RequestBuilder, QueryReplacesTheUpdateMask) {
  EXPECT_EQ(Mask(R"({"maybe":"a"})", "inner.name,wrappedLong,noSuch"),
            "update_mask { paths: \"inner.name\" paths: \"wrapped_long\" paths: \"noSuch\" }");
}

}  // namespace
}  // namespace slipway::schema
