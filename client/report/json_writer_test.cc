#include "client/report/json_writer.h"

#include <limits>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

TEST(JsonWriter, NestsAndIndents) {
  JsonWriter json;
  json.BeginObject();
  json.Key("a").Int(-1);
  json.Key("b").BeginArray().String("x\"y").Bool(true).Null().EndArray();
  json.Key("c").BeginObject().EndObject();
  json.EndObject();
  EXPECT_EQ(json.text(),
            "{\n  \"a\": -1,\n  \"b\": [\n    \"x\\\"y\",\n    true,\n    null\n  ],\n"
            "  \"c\": {}\n}\n");
}

TEST(JsonWriter, NumbersAreShortAndFinite) {
  JsonWriter json;
  json.BeginArray().Number(0.5).Number(1234567.8).Number(1.0 / 3).Number(
      std::numeric_limits<double>::infinity());
  json.EndArray();
  EXPECT_EQ(json.text(), "[\n  0.5,\n  1234568,\n  0.333333,\n  null\n]\n");
}

}  // namespace
}  // namespace slipway::client
