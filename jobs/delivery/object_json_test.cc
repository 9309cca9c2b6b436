#include "jobs/delivery/object_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

namespace slipway::jobs {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

Value Number(double number) {
  Value value;
  value.set_number_value(number);
  return value;
}

std::string NumberJson(double number) {
  Struct object;
  (*object.mutable_fields())["n"] = Number(number);
  return ObjectJson(object, {});
}

TEST(ObjectJson, EveryKind) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["text"].set_string_value("\"ä\\\n<");
  fields["yes"].set_bool_value(true);
  fields["no"].set_bool_value(false);
  fields["null"].set_null_value(google::protobuf::NULL_VALUE);
  fields["unset"];
  fields["empty"].mutable_struct_value();
  fields["none"].mutable_list_value();
  auto& list = *fields["list"].mutable_list_value();
  *list.add_values() = Number(1);
  list.add_values()->mutable_list_value();
  (*list.add_values()->mutable_struct_value()->mutable_fields())["a{"].set_string_value("{");
  *list.add_values() = Number(-2.5);
  EXPECT_EQ(ObjectJson(object, {}),
            R"({"empty":{},"list":[1,[],{"a{":"{"},-2.5],"no":false,"none":[],"null":null,)"
            R"("text":"\"ä\\\n<","unset":null,"yes":true})");
}

TEST(ObjectJson, NumbersReadBackTheSame) {
  EXPECT_EQ(NumberJson(0), R"({"n":0})");
  EXPECT_EQ(NumberJson(16), R"({"n":16})");
  EXPECT_EQ(NumberJson(0.1), R"({"n":0.1})");
  EXPECT_EQ(NumberJson(9007199254740991), R"({"n":9007199254740991})");
  for (const double number : {1e21, -1e-300, 1.7976931348623157e308, 5e-324, 1.0 / 3}) {
    const std::string json = NumberJson(number);
    EXPECT_EQ(std::strtod(json.c_str() + 5, nullptr), number) << json;
  }
}

TEST(ObjectJson, MembersReplace) {
  Struct object;
  (*object.mutable_fields())["status"] = Number(1);
  (*object.mutable_fields())["kept"].mutable_struct_value()->mutable_fields()->insert(
      {"status", Number(2)});
  EXPECT_EQ(ObjectJson(object, {{"result", R"({"a":1})"}, {"status", "3"}}),
            R"({"kept":{"status":2},"result":{"a":1},"status":3})");
  EXPECT_EQ(ObjectJson({}, {}), "{}");
}

TEST(ObjectJson, WhatJsonHasNoWordFor) {
  Struct object;
  (*object.mutable_fields())["a"].mutable_list_value()->add_values();
  EXPECT_TRUE(IsFinite(object));
  for (const double number : {std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(), std::nan("")}) {
    Struct deep = object;
    auto& list = *(*deep.mutable_fields())["a"].mutable_list_value();
    (*list.add_values()->mutable_struct_value()->mutable_fields())["b"] = Number(number);
    EXPECT_FALSE(IsFinite(deep)) << number;
  }
}

}  // namespace
}  // namespace slipway::jobs
