#include "jobs/work/call_request.h"

#include <string>

#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "schema/loader.h"

namespace slipway::jobs {
namespace {

using google::protobuf::Struct;

constexpr size_t kMaxBytes = 1 << 20;

const schema::Schema& TokenJobs() {
  static const auto& schema = *[] {
    auto loaded = schema::FromLinkedPool({"slipway.v1.TokenJobs"});
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return new std::shared_ptr<const schema::Schema>(*std::move(loaded));
  }();
  return *schema;
}

/// A method whose request, a google.protobuf.Struct, may be as deep as its caller likes.
const schema::MethodInfo& TakesStruct() {
  return *TokenJobs().FindMethod("/slipway.v1.TokenJobs/SubmitJob");
}

/// Adds objects to `object`, each in the one before.
void Nest(Struct& object, int levels) {
  Struct* at = &object;
  for (int i = 0; i < levels; ++i) at = (*at->mutable_fields())["a"].mutable_struct_value();
}

TEST(EncodeCallRequest, DeepestJsonThatIsRead) {
  v1::Call call;
  Nest(*call.mutable_request()->mutable_struct_value(), 99);
  const auto wire = EncodeCallRequest(TokenJobs(), TakesStruct(), call, kMaxBytes);
  ASSERT_TRUE(wire.ok()) << wire.status();
  EXPECT_EQ(*wire, call.request().struct_value().SerializeAsString());
}

TEST(EncodeCallRequest, BytesAsDeepAsJson) {
  Struct object;
  Nest(object, 99);
  v1::Call call;
  call.set_request_bytes(object.SerializeAsString());
  const auto wire = EncodeCallRequest(TokenJobs(), TakesStruct(), call, kMaxBytes);
  ASSERT_TRUE(wire.ok()) << wire.status();
  EXPECT_EQ(*wire, call.request_bytes());
}

TEST(EncodeCallRequest, DeeperIsRefused) {
  v1::Call call;
  Nest(*call.mutable_request()->mutable_struct_value(), 100);
  const auto json = EncodeCallRequest(TokenJobs(), TakesStruct(), call, kMaxBytes);
  EXPECT_TRUE(absl::IsInvalidArgument(json.status())) << json.status();
  EXPECT_NE(json.status().message().find("deeper than 100 levels"), absl::string_view::npos)
      << json.status();

  Struct object;
  Nest(object, 200);
  call.set_request_bytes(object.SerializeAsString());
  EXPECT_TRUE(absl::IsInvalidArgument(
      EncodeCallRequest(TokenJobs(), TakesStruct(), call, kMaxBytes).status()));
}

}  // namespace
}  // namespace slipway::jobs
