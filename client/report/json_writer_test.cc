#include "client/report/json_writer.h"

#include <chrono>
#include <cmath>
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

TEST(JsonWriter, ExactNumbersAreReadTheSame) {
  JsonWriter json(false);
  json.BeginArray().Exact(1.0 / 3).Exact(1e300).Exact(2).Exact(std::nan("")).EndArray();
  EXPECT_EQ(json.text(), "[0.3333333333333333,1e+300,2,null]\n");
}

TEST(JsonWriter, SecondsKeepNanoseconds) {
  using std::chrono::nanoseconds;
  JsonWriter json(false);
  json.BeginArray();
  for (const int64_t ns : {0L, 1L, 1'500'000'000L, 3'000'000'000L, 86'400'000'000'001L, -1L}) {
    json.Seconds(nanoseconds(ns));
  }
  json.EndArray();
  EXPECT_EQ(json.text(), "[0,0.000000001,1.5,3,86400.000000001,-0.000000001]\n");
}

TEST(JsonWriter, CompactFormHasNoWhiteSpace) {
  JsonWriter json(false);
  json.BeginObject().Key("a").BeginArray().Int(1).Int(2).EndArray().EndObject();
  EXPECT_EQ(json.text(), "{\"a\":[1,2]}\n");
}

}  // namespace
}  // namespace slipway::client
