#include <string>
#include <string_view>
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

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string Query(const Parameters& parameters, const QueryFilter& filter) {
  const MessageType& type = testing::EverythingType();
  RequestBuilder builder(type);
  for (const auto& [key, value] : parameters) {
    const absl::Status status = builder.AddQuery(key, value, filter);
    if (!status.ok()) return "error: " + std::string(status.message());
  }
  return Built(type, builder);
}
std::string Query(const Parameters& parameters) {
  return Query(parameters, QueryFilter(testing::EverythingType(), FieldPath(), {}));
}

struct Case {
  Parameters parameters;
  std::string expected;
};

TEST(AddQuery, NamesAndTypes) {
  const Case cases[] = {
      {{{"maybe", "a"}}, "maybe: \"a\""},
      {{{"maybe_number", "0"}}, "maybe_number: 0"},
      {{{"maybeNumber", "5"}}, "maybe_number: 5"},
      {{{"scalars.customName", "x"}}, "scalars { renamed: \"x\" }"},
      {{{"scalars.renamed", "x"}, {"scalars.int32Value", "017"}},
       "scalars { int32_value: 17 renamed: \"x\" }"},
      {{{"numbers", "1"}, {"numbers", "2"}}, "numbers: 1 numbers: 2"},
      {{{"strings", "a,b"}}, "strings: \"a,b\""},
      {{{"numbers[]", "1"}, {"numbers[]", "2"}}, "numbers: 1 numbers: 2"},
      {{{"colors", "RED"}, {"colors", "2"}}, "colors: RED colors: GREEN"},
      {{{"labels[a]", "1"}, {"labels[b.c]", "2"}},
       "labels { key: \"a\" value: \"1\" } labels { key: \"b.c\" value: \"2\" }"},
      {{{"byBool[true]", "5"}}, "by_bool { key: true value: 5 }"},
      {{{"time", "1970-01-01T00:00:01Z"}}, "time { seconds: 1 }"},
      {{{"duration", "1h"}}, "duration { seconds: 3600 }"},
      {{{"mask", "a_b,cD"}}, "mask { paths: \"a_b\" paths: \"cD\" }"},
      {{{"mask", ""}}, "mask { }"},
      {{{"value", "{\"a\":1}"}},
       "value { struct_value { fields { key: \"a\" value { number_value: 1 } } } }"},
      {{{"struct", "{\"a\":null}"}},
       "struct { fields { key: \"a\" value { null_value: NULL_VALUE } } }"},
      {{{"wrappedBool", "t"}}, "wrapped_bool { value: true }"},
      {{{"message.name", "a"}, {"message.big", "1"}}, "message { name: \"a\" big: 1 }"},
      {{{"nope", "1"}, {"inner.nope", "1"}, {"", "1"}, {"[", "1"}, {"a..b", "1"}, {".", "1"}}, ""},
  };
  for (const Case& c : cases) EXPECT_EQ(Query(c.parameters), c.expected);
}

TEST(AddQuery, Refusals) {
  const Case cases[] = {
      {{{"maybe", "a"}, {"maybe", "b"}}, "field maybe: too many values: the field takes one"},
      {{{"maybeNumber", "1"}, {"maybe_number", "1"}},
       "field maybe_number: too many values: the field takes one"},
      {{{"labels[a]", "1"}, {"labels[a]", "2"}},
       "field labels[\"a\"]: too many values: a key takes one"},
      {{{"labels", "1"}}, "field labels: is a map: give its entries as labels[key]=value"},
      {{{"byBool[x]", "1"}},
       "field by_bool[\"x\"]: the key is not allowed: expected true or false"},
      {{{"byBool[true]", "x"}},
       "field by_bool[\"true\"]: \"x\" is not allowed: expected a whole number from "
       "-9223372036854775808 to 9223372036854775807"},
      {{{"byNumber[1]", "x"}}, "field by_number[\"1\"]: a test.v1.Inner cannot be given as text"},
      {{{"maybe[a]", "1"}}, "field maybe: is no map: it takes no [key]"},
      {{{"numbers[0]", "1"}}, "field numbers: is no map: it takes no [key]"},
      {{{"maybe.x", "1"}}, "field maybe: is no singular message: it has no field \"x\""},
      {{{"inners.name", "1"}}, "field inners: is no singular message: it has no field \"name\""},
      {{{"inner", "x"}}, "field inner: a test.v1.Inner cannot be given as text"},
      {{{"inners", "x"}}, "field inners: a repeated test.v1.Inner cannot be given as text"},
      {{{"any", "{}"}}, "field any: a google.protobuf.Any cannot be given as text"},
      {{{"empty", "{}"}}, "field empty: a google.protobuf.Empty cannot be given as text"},
      {{{"list", "[]"}}, "field list: a google.protobuf.ListValue cannot be given as text"},
      {{{"text", "a"}, {"number", "1"}},
       "field number: oneof \"choice\" has field \"text\" set already"},
      {{{"text", "a"}, {"text", "a"}},
       "field text: oneof \"choice\" has field \"text\" set already"},
      {{{"text", "a"}, {"message.name", "1"}},
       "field message.name: oneof \"choice\" has field \"text\" set already"},
      {{{"value", "{"}},
       "field value: invalid JSON at line 1, column 2: expected a field name in quotes or '}' "
       "but the text ends here"},
      {{{"maybe", "\xFF"}}, "field maybe: \"\xEF\xBF\xBD\" is not allowed: expected UTF-8 text"},
  };
  for (const Case& c : cases) EXPECT_EQ(Query(c.parameters), "error: " + c.expected);
}

TEST(QueryFilter, DropsWhatBodyAndPathFill) {
  const MessageType& type = testing::EverythingType();
  const QueryFilter filter(type, Path(type, "inner"),
                           {Path(type, "maybe_number"), Path(type, "message.name")});
  EXPECT_EQ(Query({{"inner", "x"},
                   {"inner.name", "x"},
                   {"inner.inner.name", "x"},
                   {"maybeNumber", "x"},
                   {"maybe_number", "x"},
                   {"message.name", "x"},
                   {"maybeNumber.x", "x"},
                   {"message.big", "5"},
                   {"maybe", "kept"}},
                  filter),
            "maybe: \"kept\" message { big: 5 }");
}

TEST(QueryFilter, CoversAll) {
  const MessageType& pair = Type("test.v1.PairRequest");
  const auto covers = [&](std::string_view body, std::vector<std::string> captures) {
    std::vector<FieldPath> paths;
    for (const std::string& capture : captures) paths.push_back(Path(pair, capture));
    return QueryFilter(pair, Path(pair, body), std::move(paths)).covers_all();
  };
  EXPECT_FALSE(covers("", {}));
  EXPECT_FALSE(covers("first_name", {}));
  EXPECT_TRUE(covers("first_name", {"last_name"}));
  EXPECT_TRUE(covers("", {"first_name", "last_name"}));
  const MessageType& update = Type("test.v1.UpdateRequest");
  EXPECT_FALSE(QueryFilter(update, Path(update, "thing"),
                           {Path(update, "id"), Path(update, "update_mask.paths")})
                   .covers_all());
  EXPECT_TRUE(QueryFilter(Type("google.protobuf.Empty"), FieldPath(), {}).covers_all());
}

TEST(QueryFilter, UnknownParametersAreRefusedWhenAsked) {
  QueryFilter::Options options;
  options.reject_unknown = true;
  const MessageType& type = testing::EverythingType();
  const QueryFilter filter(type, Path(type, "inner"), {}, options);
  EXPECT_EQ(Query({{"nope", "1"}}, filter),
            "error: there is no field \"nope\" in test.v1.Everything");
  EXPECT_EQ(Query({{"inner.nope", "1"}}, filter), "");
}

TEST(MessageType, Resolve) {
  const MessageType& type = testing::EverythingType();
  EXPECT_EQ(type.full_name(), "test.v1.Everything");
  EXPECT_EQ(type.Resolve("scalars.customName")->text(), "scalars.renamed");
  EXPECT_EQ(type.Resolve("by_number")->depth(), 1u);
  EXPECT_EQ(type.Resolve("nope").status().message(),
            "there is no field \"nope\" in test.v1.Everything");
  EXPECT_EQ(type.Resolve("inner.nope").status().message(),
            "there is no field \"nope\" in test.v1.Inner");
  EXPECT_EQ(type.Resolve("inners.name").status().message(),
            "field inners of test.v1.Everything is no singular message: it has no field \"name\"");
  EXPECT_FALSE(type.Resolve("").ok());
  EXPECT_FALSE(type.Resolve("inner.").ok());
}

TEST(MessageType, CheckCapture) {
  const MessageType& type = testing::EverythingType();
  for (const char* good :
       {"maybe", "numbers", "scalars.color", "time", "duration", "wrapped_long", "blobs"}) {
    EXPECT_TRUE(type.CheckCapture(Path(type, good)).ok()) << good;
  }
  for (const char* bad : {"inner", "inners", "labels", "mask", "any", "struct", "values"}) {
    EXPECT_FALSE(type.CheckCapture(Path(type, bad)).ok()) << bad;
  }
  EXPECT_FALSE(type.CheckCapture(FieldPath()).ok());
}

}  // namespace
}  // namespace slipway::schema
