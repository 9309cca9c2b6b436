// Against the gRPC library's own server.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "wire/testing/client_fixture.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;
using ::testing::HasSubstr;

// Echoes each message, with the metadata `x-echo` and `x-echo-bin`; what else it does follows from
// the method's name.
class EchoReactor : public grpc::ServerGenericBidiReactor {
 public:
  explicit EchoReactor(grpc::GenericCallbackServerContext* context) : context_(context) {
    for (const auto& [key, value] : context->client_metadata()) {
      if (!key.starts_with("x-echo")) continue;
      const std::string name(key.data(), key.size());
      const std::string text(value.data(), value.size());
      context->AddInitialMetadata(name, text);
      context->AddTrailingMetadata(name, text);
    }
    if (context->method() == "/test.Grpc/Gzip") {
      context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    }
    if (context->method() == "/test.Grpc/Fail") {
      Finish({grpc::StatusCode::NOT_FOUND, "no \xc3\xbc: 100 %", "\1\2"});
    } else {
      StartRead(&message_);
    }
  }
  void OnReadDone(bool ok) override {
    if (!ok || context_->method() == "/test.Grpc/Hang") {
      if (!context_->IsCancelled() && context_->method() == "/test.Grpc/Hang") return;
      return Finish(grpc::Status::OK);
    }
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    message_.Clear();
    StartRead(&message_);
  }
  void OnCancel() override {
    if (context_->method() == "/test.Grpc/Hang") Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  grpc::GenericCallbackServerContext* const context_;
  grpc::ByteBuffer message_;
};

class EchoService : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new EchoReactor(context);
  }
};

class GrpcInterop : public testing::ClientFixture {
 protected:
  GrpcInterop() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(64 << 20);
    server_ = builder.BuildAndStart();
    channel_ = std::make_unique<Channel>(
        executor_, ChannelOptions{.target = "127.0.0.1:" + std::to_string(port_)});
  }
  ~GrpcInterop() override {
    channel_ = nullptr;
    server_->Shutdown(std::chrono::system_clock::now());
  }

  EchoService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(GrpcInterop, Unary) {
  const auto result = Unary(
      *channel_,
      Spec("/test.Grpc/Echo", {{"x-echo", "some text"}, {"x-echo-bin", std::string("\0\xff", 2)}}),
      "hello");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "hello");
  EXPECT_EQ(result.initial_metadata.Find("x-echo"), "some text");
  EXPECT_EQ(result.trailers.Find("x-echo-bin"), std::string("\0\xff", 2));
  EXPECT_EQ(result.trailers.size(), 2u);
  EXPECT_EQ(result.initial_metadata.size(), 2u);
}

TEST_F(GrpcInterop, ErrorWithDetails) {
  const auto result = Unary(*channel_, Spec("/test.Grpc/Fail"));
  EXPECT_EQ(result.status.code(), Code::kNotFound);
  EXPECT_EQ(result.status.message(), "no \xc3\xbc: 100 %");
  EXPECT_EQ(result.status.details(), "\1\2");
}

TEST_F(GrpcInterop, Streaming) {
  const auto call = channel_->NewCall();
  call->Start(Spec("/test.Grpc/Echo"));
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(Run(Write(*call, std::to_string(i))));
    EXPECT_EQ(Run(Read(*call)), std::to_string(i));
  }
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_F(GrpcInterop, Gzip) {
  const std::string text(100'000, 'z');
  const auto result = Unary(*channel_, Spec("/test.Grpc/Gzip"), text);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, text);
}

TEST_F(GrpcInterop, BigMessages) {
  const std::string big(4 << 20, 'b');
  const auto result = Unary(*channel_, Spec("/test.Grpc/Echo"), big);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_TRUE(result.message == big);
  const auto too_big = Unary(*channel_, Spec("/test.Grpc/Echo"), big + "b");
  EXPECT_EQ(too_big.status.code(), Code::kResourceExhausted);
}

TEST_F(GrpcInterop, Deadline) {
  const auto result = Unary(*channel_, Spec("/test.Grpc/Hang", {}, std::chrono::milliseconds(50)));
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
}

TEST_F(GrpcInterop, ManyCallsAtOnce) {
  std::vector<std::unique_ptr<Background>> calls;
  for (int i = 0; i < 1'000; ++i) calls.push_back(Begin(*channel_, Spec("/test.Grpc/Echo")));
  for (const auto& call : calls) EXPECT_TRUE(Await(*call).status.ok());
}

TEST_F(GrpcInterop, ShutdownOfTheServer) {
  const auto hanging = Begin(*channel_, Spec("/test.Grpc/Hang"));
  EXPECT_TRUE(Unary(*channel_, Spec("/test.Grpc/Echo")).status.ok());
  server_->Shutdown(std::chrono::system_clock::now());
  EXPECT_FALSE(Await(*hanging).status.ok());
  const auto result = Unary(*channel_, Spec("/test.Grpc/Echo"));
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr(std::to_string(port_)));
}

}  // namespace
}  // namespace slipway::wire
