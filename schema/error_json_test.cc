#include "schema/error_json.h"

#include <string>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

std::string WithDetails(const google::rpc::Status& details, const Schema* schema) {
  return ErrorJson(rpc::Status(absl::StatusCode::kNotFound, "outer", details.SerializeAsString()),
                   schema);
}

TEST(ErrorJson, WithoutDetails) {
  const rpc::Status status(absl::StatusCode::kNotFound, "User ID 9 \"not\" <found>");
  const std::string expected = R"({"code":5,"message":"User ID 9 \"not\" <found>","details":[]})";
  EXPECT_EQ(ErrorJson(status, nullptr), expected);
  EXPECT_EQ(ErrorJson(status, &testing::TestSchema()), expected);
  EXPECT_EQ(ErrorJson(rpc::Status(absl::StatusCode::kInternal, "\xFF"), nullptr),
            "{\"code\":13,\"message\":\"\xEF\xBF\xBD\",\"details\":[]}");
  EXPECT_EQ(ErrorJson(rpc::Status(absl::StatusCode::kInternal, "m", "\xFFgarbage"), nullptr),
            R"({"code":13,"message":"m","details":[]})");
}

TEST(ErrorJson, DetailsAreExpanded) {
  google::rpc::Status status;
  status.set_code(5);
  status.set_message("inner");
  google::rpc::ErrorInfo info;
  info.set_reason("GONE");
  info.set_domain("d");
  (*info.mutable_metadata())["k"] = "v";
  status.add_details()->PackFrom(info);
  google::protobuf::Duration duration;
  duration.set_seconds(1);
  status.add_details()->PackFrom(duration);
  const std::string expected =
      R"({"code":5,"message":"inner","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"GONE","domain":"d",)"
      R"("metadata":{"k":"v"}},)"
      R"({"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}]})";
  EXPECT_EQ(WithDetails(status, nullptr), expected);
  EXPECT_EQ(WithDetails(status, &testing::TestSchema()), expected);
}

TEST(ErrorJson, UnknownDetailsKeepTheirBytes) {
  google::rpc::Status status;
  google::protobuf::Any* unknown = status.add_details();
  unknown->set_type_url("x/no.Such");
  unknown->set_value("abc");
  google::protobuf::Any* broken = status.add_details();
  broken->set_type_url("x/google.rpc.ErrorInfo");
  broken->set_value("\xFF");
  google::protobuf::Timestamp time;
  time.set_nanos(-1);
  status.add_details()->PackFrom(time, "x");
  EXPECT_EQ(WithDetails(status, nullptr),
            R"({"code":5,"message":"","details":[{"@type":"x/no.Such","value":"YWJj"},)"
            R"({"@type":"x/google.rpc.ErrorInfo","value":"/w=="},)"
            R"({"@type":"x/google.protobuf.Timestamp","value":"EP///////////wE="}]})");
}

}  // namespace
}  // namespace slipway::schema
