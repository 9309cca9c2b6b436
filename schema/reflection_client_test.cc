#include "schema/reflection_client.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "gtest/gtest.h"
#include "rpc/in_process.h"
#include "rpc/manual_executor.h"
#include "schema/pool_builder.h"
#include "schema/test_schema.h"

namespace slipway::schema {
namespace {

namespace pb = google::protobuf;
namespace v1 = grpc::reflection::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Answer = std::function<v1::ServerReflectionResponse(const v1::ServerReflectionRequest&)>;

constexpr char kV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1Alpha[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

rpc::Method Reflection(std::string path, Answer answer) {
  return {std::move(path), rpc::MethodKind::kBidiStreaming,
          [answer](rpc::CallContext&, rpc::ServerStream& stream) -> rpc::Task<rpc::Status> {
            while (true) {
              std::optional<std::string> bytes = co_await stream.Read();
              if (!bytes) co_return rpc::Status();
              v1::ServerReflectionRequest request;
              request.ParseFromString(*bytes);
              const bool written = co_await stream.Write(answer(request).SerializeAsString());
              if (!written) co_return rpc::Status();
            }
          }};
}

/// Describes the services of the test schema as a server would: one file an answer.
v1::ServerReflectionResponse Describe(const v1::ServerReflectionRequest& request) {
  const pb::DescriptorPool& pool = testing::TestSchema().pool();
  v1::ServerReflectionResponse response;
  if (request.has_list_services()) {
    auto* list = response.mutable_list_services_response();
    list->add_service()->set_name("test.v1.Things");
    list->add_service()->set_name("no.Descriptors");
    return response;
  }
  const pb::FileDescriptor* file =
      request.has_file_by_filename()
          ? pool.FindFileByName(request.file_by_filename())
          : pool.FindFileContainingSymbol(request.file_containing_symbol());
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(5);
    response.mutable_error_response()->set_error_message("not found");
    return response;
  }
  internal::CopyFile(file).SerializeToString(
      response.mutable_file_descriptor_response()->add_file_descriptor_proto());
  return response;
}

using Result = absl::StatusOr<std::shared_ptr<const Schema>>;

rpc::Task<void> Keep(rpc::Upstream& upstream, ReflectionLimits limits,
                     std::optional<Result>* result) {
  Result fetched = co_await FetchSchema(upstream, rpc::kNoDeadline, {}, limits);
  result->emplace(std::move(fetched));
}

Result Fetch(std::vector<rpc::Method> methods, ReflectionLimits limits = {}) {
  rpc::ManualExecutor executor;
  rpc::Dispatcher::Builder builder;
  for (rpc::Method& method : methods) builder.Add(std::move(method));
  rpc::InProcessUpstream upstream(std::move(builder).Build(), executor);
  std::optional<Result> result;
  rpc::Spawn(Keep(upstream, limits, &result));
  executor.RunPosted();
  return result ? std::move(*result) : Result(absl::InternalError("the task did not end"));
}

TEST(FetchSchema, FetchesServicesAndImports) {
  const Result schema = Fetch({Reflection(kV1, Describe)});
  ASSERT_TRUE(schema.ok()) << schema.status();
  ASSERT_FALSE((*schema)->services().empty());
  EXPECT_EQ((*schema)->services()[0].name, "test.v1.Things");
  EXPECT_EQ((*schema)->FindMethod("/test.v1.Things/Get")->rules.size(), 3u);
  EXPECT_NE((*schema)->FindMessage("test.v1.Everything")->Resolve("scalars.customName").ok(),
            false);
  EXPECT_THAT(
      (*schema)->warnings(),
      ::testing::Contains("the backend does not describe service no.Descriptors: not found"));
}

TEST(FetchSchema, FallsBackToV1Alpha) {
  const Result schema = Fetch({Reflection(kV1Alpha, Describe)});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_NE((*schema)->FindMethod("/test.v1.Things/Get"), nullptr);
}

TEST(FetchSchema, WithoutReflection) {
  const Result schema = Fetch({});
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("no gRPC server reflection"));
}

TEST(FetchSchema, TheCallsErrorIsReported) {
  const Result schema =
      Fetch({{kV1, rpc::MethodKind::kBidiStreaming,
              [](rpc::CallContext&, rpc::ServerStream&) -> rpc::Task<rpc::Status> {
                co_return rpc::Status(absl::StatusCode::kPermissionDenied, "go away");
              }}});
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(schema.status().message(), "reflection of the backend: go away");
}

TEST(FetchSchema, ABackendThatHangsUp) {
  const Result schema =
      Fetch({{kV1, rpc::MethodKind::kBidiStreaming,
              [](rpc::CallContext&, rpc::ServerStream&) -> rpc::Task<rpc::Status> {
                co_return rpc::Status();
              }}});
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("without an answer"));
}

TEST(FetchSchema, WrongAnswers) {
  const auto always = [](const v1::ServerReflectionResponse& response) {
    return Fetch({Reflection(kV1, [response](const auto&) { return response; })}).status();
  };
  v1::ServerReflectionResponse response;
  EXPECT_THAT(std::string(always(response).message()), HasSubstr("something else"));
  response.mutable_error_response()->set_error_message("no list");
  EXPECT_THAT(std::string(always(response).message()), HasSubstr("no list"));
  const Result undecodable = Fetch({Reflection(kV1, [](const v1::ServerReflectionRequest& request) {
    v1::ServerReflectionResponse answer = Describe(request);
    if (answer.has_file_descriptor_response()) {
      answer.mutable_file_descriptor_response()->set_file_descriptor_proto(0, "\xFF");
    }
    return answer;
  })});
  EXPECT_THAT(std::string(undecodable.status().message()), HasSubstr("does not decode"));
}

TEST(FetchSchema, SizesAreBounded) {
  ReflectionLimits limits;
  limits.max_message_bytes = 100;
  EXPECT_EQ(Fetch({Reflection(kV1, Describe)}, limits).status().code(),
            absl::StatusCode::kResourceExhausted);
  limits = {};
  limits.max_total_bytes = 5000;
  EXPECT_EQ(Fetch({Reflection(kV1, Describe)}, limits).status().code(),
            absl::StatusCode::kResourceExhausted);
  limits = {};
  limits.max_files = 2;
  const Result schema = Fetch({Reflection(kV1, Describe)}, limits);
  EXPECT_EQ(schema.status().message(),
            "reflection of the backend: the backend's schema has more than 2 files");
}

TEST(FetchSchema, MissingImportsAreTakenFromThisProgram) {
  const Result schema = Fetch({Reflection(kV1, [](const v1::ServerReflectionRequest& request) {
    if (request.file_by_filename() == "google/protobuf/timestamp.proto") {
      v1::ServerReflectionResponse none;
      none.mutable_error_response()->set_error_message("none");
      return none;
    }
    return Describe(request);
  })});
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->FindMethod("/test.v1.Things/Get")->rules.size(), 3u);
  EXPECT_THAT((*schema)->warnings(),
              ElementsAre("the backend does not describe service no.Descriptors: not found"));
}

}  // namespace
}  // namespace slipway::schema
