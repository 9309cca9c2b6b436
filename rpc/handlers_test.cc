#include "rpc/handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"

namespace slipway::rpc {
namespace {

using google::protobuf::Struct;
using ::testing::HasSubstr;

/// An object of `levels` objects in each other: `{"a":{"a":{}}}` has three.
std::string Nested(int levels) {
  Struct object;
  Struct* at = &object;
  for (int i = 1; i < levels; ++i) at = (*at->mutable_fields())["a"].mutable_struct_value();
  return object.SerializeAsString();
}

TEST(DecodeRequest, HundredLevelsOfJson) {
  const std::string bytes = Nested(100);
  const absl::StatusOr<Struct> request = DecodeRequest<Struct>(bytes);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->SerializeAsString(), bytes);
}

TEST(DecodeRequest, DeeperIsTheCallersFaultAndSaysSo) {
  const absl::Status status = DecodeRequest<Struct>(Nested(200)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("google.protobuf.Struct"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("deeper than 320"));
}

TEST(DecodeRequest, OtherBytesAreTheCallersFault) {
  EXPECT_TRUE(absl::IsInvalidArgument(DecodeRequest<Struct>(std::string("\x0a\x7f")).status()));
}

TEST(DecodeRequest, MissingIsOurs) {
  EXPECT_TRUE(absl::IsInternal(DecodeRequest<Struct>(std::nullopt).status()));
}

TEST(Decode, DepthIsTheCallersChoice) {
  // The outermost message is not counted; each level below it is an entry, a value, an object.
  const std::string bytes = Nested(3);
  Struct object;
  EXPECT_TRUE(Decode(bytes, &object, 6));
  EXPECT_FALSE(Decode(bytes, &object, 5));
}

TEST(Decode, BytesBehindTheMessage) {
  google::protobuf::StringValue value;
  EXPECT_TRUE(Decode("\x0a\x01x", &value));
  EXPECT_FALSE(Decode("\x0a\x01x\x0c", &value));  // the end of a group that nothing began
  EXPECT_FALSE(Decode("\x0a\x02x", &value));
}

}  // namespace
}  // namespace slipway::rpc
