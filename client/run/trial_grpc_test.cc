// Whole runs over gRPC against a server on this machine.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "client/engine/engine_spec.h"
#include "client/engine/tls.h"
#include "client/run/plan.h"
#include "client/run/trial.h"
#include "client/run/workload.h"
#include "rpc/dispatcher.h"
#include "wire/testing/certificates.h"
#include "wire/testing/dispatcher_server.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr char kMethod[] = "/grpc.health.v1.Health/Check";

/// A server with one unary method whose status a test decides, and which counts calls.
class GrpcServer {
 public:
  /// Sees the request's bytes and the number of the call.
  using Answer = std::function<rpc::Status(const rpc::CallContext&, const std::string& request,
                                           int64_t number)>;

  explicit GrpcServer(Answer answer, wire::testing::Http2ServerOptions options = {})
      : answer_(std::move(answer)), server_(MakeDispatcher(), std::move(options)) {}

  /// Calls answer only after this, or when they are cancelled.
  void Delay(rpc::Duration delay) { delay_ = delay; }
  int64_t calls() const { return calls_; }
  int64_t cancelled() const { return cancelled_; }
  wire::testing::Http2Server& http2() { return server_.http2(); }
  Endpoint endpoint() const {
    const std::string address = server_.address();
    const size_t colon = address.rfind(':');
    return Endpoint(boost::asio::ip::make_address(address.substr(0, colon)),
                    static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  }

 private:
  std::shared_ptr<const rpc::Dispatcher> MakeDispatcher() {
    rpc::Method method;
    method.path = kMethod;
    method.handler = [this](rpc::CallContext& context, rpc::ServerStream& stream) {
      return Serve(this, context, stream);
    };
    rpc::Dispatcher::Builder builder;
    builder.Add(std::move(method));
    return std::move(builder).Build();
  }

  static rpc::Task<rpc::Status> Serve(GrpcServer* self, rpc::CallContext& context,
                                      rpc::ServerStream& stream) {
    const int64_t number = ++self->calls_;
    const std::optional<std::string> request = co_await stream.Read();
    if (!request) co_return rpc::Status(absl::StatusCode::kInternal, "no request");
    if (self->delay_ > rpc::Duration::zero()) {
      const rpc::Status alive = co_await context.Sleep(self->delay_);
      if (!alive.ok()) {
        ++self->cancelled_;
        co_return alive;
      }
    }
    rpc::Status status = self->answer_(context, *request, number);
    if (status.ok()) co_await stream.Write("answer");
    co_return status;
  }

  Answer answer_;
  rpc::Duration delay_{0};
  std::atomic<int64_t> calls_{0};
  std::atomic<int64_t> cancelled_{0};
  wire::testing::DispatcherServer server_;
};

rpc::Status Ok(const rpc::CallContext&, const std::string&, int64_t) { return rpc::Status(); }

/// A load of unary calls that two threads make over one connection each.
struct TestRun {
  Endpoint endpoint;
  std::shared_ptr<const TlsClient> tls;
  Request request{.path = kMethod, .messages = {"request"}};
  LoadShape load{.connections = 2, .threads = 2, .timeout = seconds(20), .drain = seconds(20)};
};

TestRun At(const Endpoint& endpoint, int64_t requests, uint32_t concurrency) {
  TestRun run;
  run.endpoint = endpoint;
  run.load.requests = requests;
  run.load.threads = concurrency < 2 ? 1 : 2;
  run.load.concurrency = concurrency;
  return run;
}

absl::StatusOr<TrialResult> TryRun(const TestRun& run) {
  Plan plan;
  plan.load = run.load;
  EngineSpec spec;
  spec.kind = EngineKind::kGrpc;
  spec.endpoint = run.endpoint;
  spec.authority = ToString(run.endpoint);
  spec.tls = run.tls;
  spec.timeout = run.load.timeout;
  plan.engines = {spec};
  plan.workload = MakeFixedWorkload(run.request);
  return RunTrial(plan, {});
}

TrialResult MustRun(const TestRun& run) {
  absl::StatusOr<TrialResult> result = TryRun(run);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

TEST(GrpcTrial, CountsEqualTheServers) {
  GrpcServer server(Ok);
  const TrialResult result = MustRun(At(server.endpoint(), 5000, 50));
  EXPECT_EQ(server.calls(), 5000);
  EXPECT_EQ(result.tally.ok(), 5000);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_EQ(result.tally.grpc_count(0), 5000);
  EXPECT_EQ(result.tally.bytes_received(), 5000 * std::string("answer").size());
}

TEST(GrpcTrial, EndOfTimeLosesNothing) {
  GrpcServer server(Ok);
  TestRun run = At(server.endpoint(), 0, 50);
  run.load.duration = milliseconds(200);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), server.calls());
  EXPECT_EQ(result.tally.failed(), 0);
}

TEST(GrpcTrial, FailedCallsAreNeverSuccesses) {
  GrpcServer server([](const rpc::CallContext&, const std::string&, int64_t number) {
    if (number % 2 == 0) return rpc::Status();
    return rpc::Status(absl::StatusCode::kNotFound, "User ID 9 not found");
  });
  const TrialResult result = MustRun(At(server.endpoint(), 2000, 20));
  EXPECT_EQ(result.tally.ok(), 1000);
  EXPECT_EQ(result.tally.failed(), 1000);
  EXPECT_EQ(result.tally.grpc_count(5), 1000);
  EXPECT_EQ(result.window.ok, 1000);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].message, "User ID 9 not found");
}

TEST(GrpcTrial, ConnectionsAreAsManyAsAskedFor) {
  GrpcServer server(Ok);
  TestRun run = At(server.endpoint(), 300, 30);
  run.load.connections = 5;
  const size_t before = server.http2().accepted();
  EXPECT_EQ(MustRun(run).tally.ok(), 300);
  EXPECT_EQ(server.http2().accepted() - before, 5u);
}

TEST(GrpcTrial, FewStreamsDelayButFailNothing) {
  GrpcServer server(Ok, {.max_concurrent_streams = 2});
  const TrialResult result = MustRun(At(server.endpoint(), 2000, 200));
  EXPECT_EQ(result.tally.ok(), 2000);
  EXPECT_EQ(server.calls(), 2000);
  EXPECT_GT(result.tally.Of(Series::kStreamWait).count(), 0);
}

TEST(GrpcTrial, TimeoutsCancelTheCall) {
  GrpcServer server(Ok);
  server.Delay(seconds(3600));
  TestRun run = At(server.endpoint(), 10, 5);
  run.load.timeout = milliseconds(30);
  const TrialResult result = MustRun(run);
  EXPECT_EQ(result.tally.ok(), 0);
  EXPECT_EQ(result.tally.grpc_count(4), 10);  // DEADLINE_EXCEEDED
  EXPECT_GE(result.tally.failed_latency().min(), 30'000'000);
  // The server ends each call by itself or when it hears of the cancellation.
  while (server.cancelled() < 10) std::this_thread::yield();
}

TEST(GrpcTrial, InterruptCancelsWhatIsInFlight) {
  GrpcServer server(Ok);
  server.Delay(seconds(3600));
  TestRun run = At(server.endpoint(), 0, 20);
  run.load.duration = seconds(3600);
  run.load.timeout = seconds(3600);
  std::thread interrupter([&server] {
    while (server.calls() < 20) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const TrialResult result = MustRun(run);
  interrupter.join();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.tally.total(), 0);
  EXPECT_EQ(result.cut_off, 20);
  while (server.cancelled() < 20) std::this_thread::yield();
}

TEST(GrpcTrial, LostConnectionsAreFailuresAndComeBack) {
  GrpcServer server(Ok);
  TestRun run = At(server.endpoint(), 0, 10);
  run.load.duration = seconds(3600);
  server.Delay(milliseconds(1));
  std::thread disturber([&server] {
    while (server.calls() < 200) std::this_thread::yield();
    server.http2().DisconnectAll();
    const int64_t seen = server.calls();
    while (server.calls() < seen + 200) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const TrialResult result = MustRun(run);
  disturber.join();
  EXPECT_GE(result.tally.ok(), 300);
  ASSERT_EQ(result.tally.failures().size(), 1u);
  EXPECT_EQ(result.tally.failures()[0].code, 14);  // UNAVAILABLE
  EXPECT_LE(result.tally.failed(), 20);
}

TEST(GrpcTrial, Tls) {
  wire::testing::TestAuthority authority(::testing::TempDir(), absl::StrCat("load", getpid()));
  const auto context = wire::testing::MakeServerContext(authority.Issue("IP:127.0.0.1"));
  GrpcServer server(Ok, {.tls = context.get()});
  TestRun run = At(server.endpoint(), 500, 10);
  TlsFiles files;
  files.ca = authority.ca_file();
  run.tls = *TlsClient::Make(files, "127.0.0.1", {"h2"});
  EXPECT_EQ(MustRun(run).tally.ok(), 500);

  run.tls = *TlsClient::Make({}, "127.0.0.1", {"h2"});
  EXPECT_FALSE(TryRun(run).ok()) << "nobody knows this authority";
}

TEST(GrpcTrial, MetadataIsSent) {
  std::atomic<int> wrong{0};
  GrpcServer server([&](const rpc::CallContext& context, const std::string&, int64_t) {
    if (context.metadata().Find("x-test") != "yes") ++wrong;
    if (context.metadata().Find("x-raw-bin") != std::string_view("\0\1", 2)) ++wrong;
    return rpc::Status();
  });
  TestRun run = At(server.endpoint(), 100, 4);
  run.request.headers = {{"x-test", "yes"}, {"x-raw-bin", std::string("\0\1", 2)}};
  EXPECT_EQ(MustRun(run).tally.ok(), 100);
  EXPECT_EQ(wrong, 0);
}

TEST(GrpcTrial, PeerThatIsNoHttp2ServerIsNamed) {
  GrpcServer server(Ok, {.greeting = "HTTP/1.1 400 Bad Request\r\n\r\n"});
  const absl::StatusOr<TrialResult> result = TryRun(At(server.endpoint(), 10, 2));
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(std::string(result.status().message()), HasSubstr(server.http2().address()));
}

}  // namespace
}  // namespace slipway::client
