#include "schema/json_reader.h"

#include <string>

#include "gtest/gtest.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

using testing::FromJson;
using testing::Type;

struct Case {
  std::string json;
  std::string expected;
};

std::string Everything(std::string_view json, bool ignore_unknown = false) {
  return FromJson(testing::EverythingType(), json, ignore_unknown);
}
std::string Scalars(std::string_view json) { return FromJson(Type("test.v1.Scalars"), json); }

TEST(JsonReader, Scalars) {
  const Case cases[] = {
      {R"({})", ""},
      {R"({"int32Value":-5,"int64_value":"9223372036854775807"})",
       "int32_value: -5 int64_value: 9223372036854775807"},
      {R"({"uint64Value":18446744073709551615})", "uint64_value: 18446744073709551615"},
      {R"({"int32Value":1.0})", "int32_value: 1"},
      {R"({"int32Value":2e3})", "int32_value: 2000"},
      {R"({"int32Value":120e-1})", "int32_value: 12"},
      {R"({"int32Value":"1e1"})", "int32_value: 10"},
      {R"({"int32Value":-0})", ""},
      {R"({"int64Value":9007199254740993})", "int64_value: 9007199254740993"},
      {R"({"sint32Value":-1,"fixed64Value":"1","sfixed32Value":-2147483648})",
       "sint32_value: -1 fixed64_value: 1 sfixed32_value: -2147483648"},
      {R"({"floatValue":1.5,"doubleValue":1e-300})", "float_value: 1.5 double_value: 1e-300"},
      {R"({"doubleValue":"NaN"})", "double_value: nan"},
      {R"({"doubleValue":"-Infinity","floatValue":"Infinity"})",
       "float_value: inf double_value: -inf"},
      {R"({"doubleValue":"1.25"})", "double_value: 1.25"},
      {R"({"doubleValue":1e-400})", ""},
      {R"({"boolValue":true})", "bool_value: true"},
      {R"({"stringValue":"a\"\\\/\b\f\n\r\té😀"})",
       "string_value: \"a\\\"\\\\/\\010\\014\\n\\r\\t\\303\\251\\360\\237\\230\\200\""},
      {R"({"bytesValue":"-_8="})", "bytes_value: \"\\373\\377\""},
      {R"({"bytesValue":"+/8"})", "bytes_value: \"\\373\\377\""},
      {R"({"color":"GREEN"})", "color: GREEN"},
      {R"({"color":-1})", "color: NEGATIVE"},
      {R"({"color":77})", "color: 77"},
      {R"({"customName":"x"})", "renamed: \"x\""},
      {R"({"renamed":"x"})", "renamed: \"x\""},
      {R"({"int32Value":null,"stringValue":null,"color":null})", ""},
      {" \n{ \"int32Value\" :\t7 } ", "int32_value: 7"},
  };
  for (const Case& c : cases) EXPECT_EQ(Scalars(c.json), c.expected) << c.json;
}

TEST(JsonReader, ValuesThatDoNotFit) {
  const std::string int32 = "a whole number from -2147483648 to 2147483647";
  const Case cases[] = {
      {R"({"int32Value":2147483648})",
       "field int32_value: 2147483648 is not allowed: expected " + int32},
      {R"({"int32Value":1.5})", "field int32_value: 1.5 is not allowed: expected " + int32},
      {R"({"int32Value":1e99999999999})",
       "field int32_value: 1e99999999999 is not allowed: expected " + int32},
      {R"({"int32Value":"1 "})", "field int32_value: \"1 \" is not allowed: expected " + int32},
      {R"({"int32Value":"01"})", "field int32_value: \"01\" is not allowed: expected " + int32},
      {R"({"int32Value":""})", "field int32_value: \"\" is not allowed: expected " + int32},
      {R"({"int32Value":true})", "field int32_value: true is not allowed: expected " + int32},
      {R"({"int32Value":{"a":1}})",
       "field int32_value: an object is not allowed: expected " + int32},
      {R"({"uint32Value":-1})",
       "field uint32_value: -1 is not allowed: expected a whole number from 0 to 4294967295"},
      {R"({"floatValue":1e39})",
       "field float_value: 1e39 is not allowed: expected a number in the range of a 32-bit float"},
      {R"({"doubleValue":1e309})", "field double_value: 1e309 is not allowed: expected a number"},
      {R"({"doubleValue":"inf"})", "field double_value: \"inf\" is not allowed: expected a number"},
      {R"({"boolValue":"true"})",
       "field bool_value: \"true\" is not allowed: expected true or false"},
      {R"({"boolValue":1})", "field bool_value: 1 is not allowed: expected true or false"},
      {R"({"stringValue":5})", "field string_value: 5 is not allowed: expected a string"},
      {R"({"bytesValue":"a"})", "field bytes_value: \"a\" is not allowed: expected base64"},
      {R"({"bytesValue":"-+AA"})", "field bytes_value: \"-+AA\" is not allowed: expected base64"},
      {R"({"color":"PINK"})",
       "field color: \"PINK\" is not allowed: expected one of COLOR_UNSPECIFIED, RED, GREEN, "
       "NEGATIVE"},
      {R"({"nope":1})", "the message: there is no field \"nope\" in test.v1.Scalars"},
      {R"([])", "the message: an array is not allowed: expected a JSON object (test.v1.Scalars)"},
      {R"(null)", "the message: null is not allowed: expected a JSON object (test.v1.Scalars)"},
  };
  for (const Case& c : cases) EXPECT_EQ(Scalars(c.json), "error: " + c.expected) << c.json;
}

TEST(JsonReader, LongValuesAreShortened) {
  const std::string text = Scalars(R"({"int32Value":")" + std::string(1000, 'x') + "\"}");
  EXPECT_LT(text.size(), 200u);
  EXPECT_NE(text.find("xxx…\""), std::string::npos) << text;
}

TEST(JsonReader, SyntaxErrorsNameLineAndColumn) {
  const Case cases[] = {
      {"", "line 1, column 1: expected a JSON value but the text ends here"},
      {"{\n  \"color\": 1,\n  }",
       "line 3, column 3: expected a field name in quotes but found \"}\""},
      {"{\"color\" 1}", "line 1, column 10: expected ':' but found \"1\""},
      {"{\"color\":1", "line 1, column 11: expected ',' or '}' but the text ends here"},
      {"{\"color\":01}", "line 1, column 10: expected a number but found \"0\""},
      {"{'color':1}", "line 1, column 2: expected a field name in quotes or '}' but found \"'\""},
      {"{\"stringValue\":\"\xC3\x28\"}", "line 1, column 17: a string that is not valid UTF-8"},
      {"{\"stringValue\":\"é\n\"}", "line 1, column 18: a control character in a string"},
      {R"({"stringValue":"\ud800"})", "line 1, column 23: half of a surrogate pair"},
      {R"({"stringValue":"\x"})", "line 1, column 18: an escape that JSON does not have"},
      {R"({"stringValue":"abc)", "line 1, column 20: the text ends within a string"},
      {R"({"boolValue":tru})", "line 1, column 14: expected a JSON value but found \"t\""},
      {R"({"boolValue":truex})", "line 1, column 14: expected a JSON value but found \"t\""},
      {R"({"int32Value":+1})", "line 1, column 15: expected a JSON value but found \"+\""},
      {R"({"int32Value":1.})", "line 1, column 15: expected a number but found \"1\""},
      {R"({"color":1}x)", "line 1, column 12: unexpected text after the JSON value"},
      {std::string("{\0}", 3),
       "line 1, column 2: expected a field name in quotes or '}' but found \"\\u0000\""},
  };
  for (const Case& c : cases) EXPECT_EQ(Scalars(c.json), "error: invalid JSON at " + c.expected);
}

TEST(JsonReader, Containers) {
  const Case cases[] = {
      {R"({"numbers":[1,2,"3"],"strings":[],"inners":[{},{"name":"x"}]})",
       "numbers: 1 numbers: 2 numbers: 3 inners { } inners { name: \"x\" }"},
      {R"({"labels":{"a":"1"},"byNumber":{"-1":{"big":"5"}},"byBool":{"true":1}})",
       "labels { key: \"a\" value: \"1\" } by_number { key: -1 value { big: 5 } } "
       "by_bool { key: true value: 1 }"},
      {R"({"inner":{"inner":{"inner":{}}}})", "inner { inner { inner { } } }"},
      {R"({"numbers":null,"labels":null,"inner":null})", ""},
      {R"({"maybe":"","maybeNumber":0})", "maybe: \"\" maybe_number: 0"},
      {R"({"values":[null,1,"a"]})",
       "values { null_value: NULL_VALUE } values { number_value: 1 } values { string_value: "
       "\"a\" }"},
  };
  for (const Case& c : cases) EXPECT_EQ(Everything(c.json), c.expected) << c.json;
}

TEST(JsonReader, ContainerErrorsNameTheElement) {
  const Case cases[] = {
      {R"({"numbers":[1,"x"]})",
       "field numbers[1]: \"x\" is not allowed: expected a whole number from -2147483648 to "
       "2147483647"},
      {R"({"numbers":5})", "field numbers: 5 is not allowed: expected a JSON array"},
      {R"({"strings":[null]})", "field strings[0]: null is not allowed: expected UTF-8 text"},
      {R"({"inners":[{},{"inner":{"name":5}}]})",
       "field inners[1].inner.name: 5 is not allowed: expected a string"},
      {R"({"byNumber":{"x":{}}})",
       "field by_number[\"x\"]: the key is not allowed: expected a whole number from -2147483648 "
       "to 2147483647"},
      {R"({"byBool":{"1":1}})",
       "field by_bool[\"1\"]: the key is not allowed: expected true or false"},
      {R"({"labels":{"a":null}})", "field labels[\"a\"]: null is not allowed: expected UTF-8 text"},
      {R"({"labels":{"a":"1","a":"2"}})", "field labels[\"a\"]: given more than once"},
      {R"({"inner":{"name":"a","name":"b"}})", "field inner.name: given more than once"},
      {R"({"bigNumbers":[],"big_numbers":[]})", "field big_numbers: given more than once"},
      {R"({"text":"a","number":1})",
       "field number: another field of oneof \"choice\" is given already"},
  };
  for (const Case& c : cases) EXPECT_EQ(Everything(c.json), "error: " + c.expected) << c.json;
}

TEST(JsonReader, NullDoesNotCountInAOneof) {
  EXPECT_EQ(Everything(R"({"text":null,"number":1})"), "number: 1");
  EXPECT_EQ(Everything(R"({"nothing":null})"), "nothing: NULL_VALUE");
  EXPECT_EQ(Everything(R"({"nothing":null,"text":"a"})"),
            "error: field text: another field of oneof \"choice\" is given already");
}

TEST(JsonReader, UnknownIsDroppedWhenAsked) {
  EXPECT_EQ(Everything(R"({"nope":{"a":[1,{"b":null}]},"maybe":"x"})", true), "maybe: \"x\"");
  EXPECT_EQ(Everything(R"({"colors":["RED","PINK","GREEN"]})", true), "colors: RED colors: GREEN");
  EXPECT_EQ(Everything(R"({"colorsByName":{"a":"PINK","b":"RED"}})", true),
            "colors_by_name { key: \"b\" value: RED }");
  // Dropped text must still be JSON.
  EXPECT_EQ(Everything(R"({"nope":{"a":[1,]}})", true).substr(0, 19), "error: invalid JSON");
}

TEST(JsonReader, DepthIsLimited) {
  const auto nested = [](int depth) {
    std::string json = "{\"value\":";
    json.append(depth - 1, '[');
    json.append(depth - 1, ']');
    return json + "}";
  };
  EXPECT_EQ(Everything(nested(100)).substr(0, 5), "value");
  EXPECT_NE(Everything(nested(101)).find("nested deeper than 100 levels"), std::string::npos);
  const std::string unknown = "{\"nope\":" + std::string(100000, '[');
  EXPECT_NE(Everything(unknown, true).find("nested deeper"), std::string::npos);
}

TEST(JsonReader, WellKnownTypes) {
  const Case cases[] = {
      {R"({"time":"2026-11-21T14:50:00.5Z"})", "time { seconds: 1795272600 nanos: 500000000 }"},
      {R"({"time":"1969-12-31T23:59:59.999999999Z"})", "time { seconds: -1 nanos: 999999999 }"},
      {R"({"time":"2026-11-21T14:50:00+01:30"})", "time { seconds: 1795267200 }"},
      {R"({"duration":"-1.5s"})", "duration { seconds: -1 nanos: -500000000 }"},
      {R"({"duration":"-0.5s"})", "duration { nanos: -500000000 }"},
      {R"({"mask":"fooBar.baz,x"})", "mask { paths: \"foo_bar.baz\" paths: \"x\" }"},
      {R"({"mask":""})", "mask { }"},
      {R"({"struct":{"a":1,"b":null}})",
       "struct { fields { key: \"a\" value { number_value: 1 } } fields { key: \"b\" value { "
       "null_value: NULL_VALUE } } }"},
      {R"({"value":null})", "value { null_value: NULL_VALUE }"},
      {R"({"value":[true,{}]})",
       "value { list_value { values { bool_value: true } values { struct_value { } } } }"},
      {R"({"list":["a"]})", "list { values { string_value: \"a\" } }"},
      {R"({"empty":{}})", "empty { }"},
      {R"({"wrappedLong":"5","wrappedString":"","wrappedBool":false})",
       "wrapped_long { value: 5 } wrapped_string { } wrapped_bool { }"},
      {R"({"wrappedLong":null})", ""},
      {R"({"any":{}})", "any { }"},
      {R"({"nullValue":null})", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(Everything(c.json), c.expected) << c.json;
}

TEST(JsonReader, WellKnownTypesThatDoNotFit) {
  const char* const bad[] = {
      R"({"time":"2026-11-21 14:50:00Z"})",
      R"({"time":"2026-11-21t14:50:00z"})",
      R"({"time":"2026-11-21T14:50:00"})",
      R"({"time":"0000-01-01T00:00:00Z"})",
      R"({"time":"9999-12-31T23:59:59-01:00"})",
      R"({"time":"2026-02-30T00:00:00Z"})",
      R"({"time":"2026-11-21T14:50:60Z"})",
      R"({"time":"2026-11-21T14:50:00.Z"})",
      R"({"time":"2026-11-21T14:50:00.1234567890Z"})",
      R"({"time":5})",
      R"({"duration":"1"})",
      R"({"duration":"1h"})",
      R"({"duration":"1.s"})",
      R"({"duration":"315576000001s"})",
      R"({"duration":"315576000000.1s"})",
      R"({"mask":"foo_bar"})",
      R"({"mask":"a,,b"})",
      R"({"mask":"a,"})",
      R"({"mask":"a..b"})",
      R"({"struct":[]})",
      R"({"list":{}})",
      R"({"wrappedLong":"x"})",
      R"({"empty":{"a":1}})",
      R"({"value":1e999})",
  };
  for (const char* json : bad) {
    EXPECT_EQ(Everything(json).substr(0, 6), "error:") << json << " gives " << Everything(json);
  }
}

TEST(JsonReader, Any) {
  const std::string inner = R"({"any":{"name":"x","@type":"type.googleapis.com/test.v1.Inner"}})";
  EXPECT_EQ(Everything(inner), "any { [type.googleapis.com/test.v1.Inner] { name: \"x\" } }");
  EXPECT_EQ(Everything(
                R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}})"),
            "any { [type.googleapis.com/google.protobuf.Duration] { seconds: 1 } }");
  EXPECT_EQ(Everything(R"({"any":{"@type":"x/google.protobuf.Empty"}})"),
            "any { type_url: \"x/google.protobuf.Empty\" }");
  const Case bad[] = {
      {R"({"any":{"name":"x"}})", "field any: @type is missing: it names the type of an Any"},
      {R"({"any":{"@type":"x/no.Such"}})",
       "field any: @type \"x/no.Such\" names no message that is known here"},
      {R"({"any":{"@type":"x/test.v1.Inner","nope":1}})",
       "field any: there is no field \"nope\" in test.v1.Inner"},
      {R"({"any":{"@type":"x/test.v1.Inner","@type":"x/test.v1.Inner"}})",
       "field any: @type is given more than once"},
      {R"({"any":{"@type":"x/google.protobuf.Duration"}})",
       "field any: \"value\" is missing beside @type"},
      {R"({"any":{"@type":"x/test.v1.Legacy"}})", "field any: required fields are missing: id"},
  };
  for (const Case& c : bad) EXPECT_EQ(Everything(c.json), "error: " + c.expected);
}

TEST(JsonReader, Proto2) {
  const MessageType& legacy = Type("test.v1.Legacy");
  EXPECT_EQ(FromJson(legacy, R"({"id":"a","size":"LARGE","sizes":[1,"LARGE"],"part":{"label":"l"},
                                 "[test.v1.note]":"n","[test.v1.marks]":["1",2]})"),
            "id: \"a\" size: LARGE sizes: SMALL sizes: LARGE Part { label: \"l\" } "
            "[test.v1.note]: \"n\" [test.v1.marks]: 1 [test.v1.marks]: 2");
  EXPECT_EQ(FromJson(legacy, "{}"), "error: required fields are missing: id");
  EXPECT_EQ(FromJson(Type("test.v1.LegacyHolder"), R"({"legacy":{}})"),
            "error: required fields are missing: legacy.id");
}

}  // namespace
}  // namespace slipway::schema
