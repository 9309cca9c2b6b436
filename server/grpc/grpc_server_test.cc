#include "server/grpc/grpc_server.h"

#include <google/protobuf/message_lite.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include "docking/v1/info.pb.h"
#include "docking/v1/users.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "server/blocking/blocking_pool.h"
#include "server/grpc/bytes.h"
#include "server/service/channelz.h"
#include "server/service/docking.h"
#include "server/service/health.h"
#include "server/service/info.h"
#include "server/service/reflection.h"

namespace slipway::server {
namespace {

using std::chrono::milliseconds;

/// Counts, and lets a test wait for calls to begin and end.
class Watch : public rpc::CallObserver {
 public:
  void Received(const rpc::CallContext& context) override { Add("+" + context.correlation_id()); }
  void Answered(const rpc::CallContext& context, const rpc::Status&, rpc::Duration) override {
    Add("-" + context.correlation_id());
  }
  std::vector<std::string> WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    // The limit is for a hang only.
    const bool there =
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return lines_.size() >= count; });
    EXPECT_TRUE(there) << "only " << lines_.size() << " of " << count << " events";
    return lines_;
  }

 private:
  void Add(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// A server on a free port and a channel to it.
class GrpcServerTest : public testing::Test {
 protected:
  void Serve(rpc::Duration info_delay, int blocking_workers = 0) {
    rpc::Dispatcher::Builder builder;
    health_ = std::make_shared<Health>(std::vector<std::string>{"docking.v1.Info"});
    auto directory = std::make_shared<Directory>();
    for (auto& methods :
         {InfoMethods(info_delay), UserMethods(directory, {}), HealthMethods(health_),
          ReflectionMethods({"docking.v1.Info"}), ChannelzMethods()}) {
      for (const rpc::Method& method : methods) builder.Add(method);
    }
    builder.Observe(&watch_);
    auto dispatcher = std::move(builder).Build();
    if (blocking_workers > 0) {
      pool_ = std::make_unique<BlockingPool>(blocking_workers, dispatcher);
      dispatcher = pool_->Dispatch();
    }
    auto server = GrpcServer::Start({.listen = "127.0.0.1:0", .threads = 2}, dispatcher);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
  }

  void Connect() {
    const auto hang = std::chrono::system_clock::now() + std::chrono::seconds(60);
    ASSERT_TRUE(channel_->WaitForConnected(hang));
  }

  /// One unary call over the wire.
  grpc::Status Call(const std::string& method, const google::protobuf::MessageLite& request,
                    google::protobuf::MessageLite* response, grpc::ClientContext& context) {
    grpc::GenericStub stub(channel_);
    const grpc::ByteBuffer in = ToByteBuffer(request.SerializeAsString());
    grpc::ByteBuffer out;
    std::promise<grpc::Status> done;
    stub.UnaryCall(&context, method, grpc::StubOptions(), &in, &out,
                   [&](grpc::Status status) { done.set_value(std::move(status)); });
    grpc::Status status = done.get_future().get();
    if (status.ok()) {
      EXPECT_TRUE(response->ParseFromString(ToString(out)));
    }
    return status;
  }

  /// A call is cancelled once its handler sleeps; caller and handler both hear of it.
  void ExpectCancelReachesTheHandler() {
    grpc::ClientContext context;
    std::thread canceller([&] {
      watch_.WaitFor(1);
      context.TryCancel();
    });
    docking::v1::GetInfoResponse response;
    const grpc::Status status =
        Call("/docking.v1.Info/GetInfo", docking::v1::GetInfoRequest(), &response, context);
    canceller.join();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_EQ(watch_.WaitFor(2).size(), 2u);
  }

  Watch watch_;
  std::shared_ptr<Health> health_;
  std::unique_ptr<BlockingPool> pool_;
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GrpcServerTest, UnaryCallAnswersWithCallersCorrelationId) {
  Serve(milliseconds(1));
  grpc::ClientContext context;
  context.AddMetadata("x-correlation-id", "my-id");
  docking::v1::GetInfoResponse response;
  const grpc::Status status =
      Call("/docking.v1.Info/GetInfo", docking::v1::GetInfoRequest(), &response, context);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.result(), "success");
  EXPECT_EQ(response.id(), "my-id");
}

TEST_F(GrpcServerTest, ErrorCarriesCodeAndMessage) {
  Serve({});
  grpc::ClientContext context;
  docking::v1::GetUserRequest request;
  request.set_id("9");
  docking::v1::User response;
  const grpc::Status status = Call("/docking.v1.Users/GetUser", request, &response, context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "User ID 9 not found");
}

TEST_F(GrpcServerTest, UnknownMethodIsUnimplemented) {
  Serve({});
  grpc::ClientContext context;
  docking::v1::User response;
  const grpc::Status status =
      Call("/docking.v1.Users/Nothing", docking::v1::GetUserRequest(), &response, context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcServerTest, DeadlineEndsTheHandlersSleep) {
  Serve(std::chrono::hours(1));
  Connect();  // the deadline must end the call, not the connecting
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + milliseconds(200));
  docking::v1::GetInfoResponse response;
  const grpc::Status status =
      Call("/docking.v1.Info/GetInfo", docking::v1::GetInfoRequest(), &response, context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(watch_.WaitFor(2).size(), 2u);  // the handler has ended too
}

TEST_F(GrpcServerTest, CancellationEndsTheHandlersSleep) {
  Serve(std::chrono::hours(1));
  ExpectCancelReachesTheHandler();
}

TEST_F(GrpcServerTest, DrainCancelsWhatOutlivesItsGrace) {
  Serve(std::chrono::hours(1));
  std::thread caller([&] {
    grpc::ClientContext context;
    docking::v1::GetInfoResponse response;
    EXPECT_FALSE(
        Call("/docking.v1.Info/GetInfo", docking::v1::GetInfoRequest(), &response, context).ok());
  });
  watch_.WaitFor(1);
  server_->Drain(milliseconds(10));
  caller.join();
  EXPECT_EQ(watch_.WaitFor(2).size(), 2u);
}

TEST_F(GrpcServerTest, TakenPortIsAnErrorThatNamesIt) {
  Serve({});
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = GrpcServer::Start({.listen = address}, rpc::Dispatcher::Builder().Build());
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.status().message().find(address), absl::string_view::npos) << second.status();
}

TEST_F(GrpcServerTest, ManyCallsAtOnceAreAllReceivedBeforeTheFirstIsAnswered) {
  constexpr int kCalls = 100;
  Serve(std::chrono::hours(1));
  grpc::GenericStub stub(channel_);
  const grpc::ByteBuffer in = ToByteBuffer("");
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<grpc::ByteBuffer> outs(kCalls);
  std::latch ended(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    stub.UnaryCall(&contexts[i], "/docking.v1.Info/GetInfo", grpc::StubOptions(), &in, &outs[i],
                   [&](grpc::Status) { ended.count_down(); });
  }
  const std::vector<std::string> lines = watch_.WaitFor(kCalls);
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(lines[i][0], '+') << i;
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  ended.wait();
}

TEST_F(GrpcServerTest, HealthWatchTellsTheChangeAndEnds) {
  Serve({});
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  auto call = stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  call->WriteLast(ToByteBuffer(""), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(wait());
  for (const auto expected : {grpc::health::v1::HealthCheckResponse::SERVING,
                              grpc::health::v1::HealthCheckResponse::NOT_SERVING}) {
    grpc::ByteBuffer bytes;
    call->Read(&bytes, nullptr);
    ASSERT_TRUE(wait());
    grpc::health::v1::HealthCheckResponse response;
    ASSERT_TRUE(response.ParseFromString(ToString(bytes)));
    EXPECT_EQ(response.status(), expected);
    health_->SetServing(false);
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(wait());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  queue.Shutdown();
}

TEST_F(GrpcServerTest, OneBlockingWorkerServesOneCallAtATime) {
  constexpr int kCalls = 10;
  Serve(milliseconds(2), 1);
  grpc::GenericStub stub(channel_);
  const grpc::ByteBuffer in = ToByteBuffer("");
  std::vector<grpc::ClientContext> contexts(kCalls);
  std::vector<grpc::ByteBuffer> outs(kCalls);
  std::latch ended(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    stub.UnaryCall(&contexts[i], "/docking.v1.Info/GetInfo", grpc::StubOptions(), &in, &outs[i],
                   [&](grpc::Status) { ended.count_down(); });
  }
  const std::vector<std::string> lines = watch_.WaitFor(2 * kCalls);
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(lines[2 * i][0], '+');
    EXPECT_EQ(lines[2 * i + 1], "-" + lines[2 * i].substr(1));
  }
  ended.wait();
}

TEST_F(GrpcServerTest, BlockingWorkerHearsOfCancellation) {
  Serve(std::chrono::hours(1), 1);
  ExpectCancelReachesTheHandler();
}

TEST_F(GrpcServerTest, HealthFollowsTheServer) {
  Serve({});
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(Call("/grpc.health.v1.Health/Check", request, &response, context).ok());
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  }
  health_->SetServing(false);
  {
    grpc::ClientContext context;
    ASSERT_TRUE(Call("/grpc.health.v1.Health/Check", request, &response, context).ok());
    EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  }
  request.set_service("no.such.Service");
  grpc::ClientContext context;
  EXPECT_EQ(Call("/grpc.health.v1.Health/Check", request, &response, context).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace slipway::server
