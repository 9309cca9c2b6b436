// Both ways to speak gRPC: our own engine and the gRPC C++ library's.
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "absl/strings/str_cat.h"
#include "client/engine/engine_spec.h"
#include "client/engine/tls.h"
#include "client/testing/engine_harness.h"
#include "rpc/dispatcher.h"
#include "wire/testing/certificates.h"
#include "wire/testing/dispatcher_server.h"
#include "wire/testing/scripted_server.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using ::testing::Contains;
using testing::EngineHarness;
using ::testing::HasSubstr;
using ::testing::Pair;
using wire::testing::AnswerOk;
using wire::testing::Exchange;
using wire::testing::Http2ServerOptions;
using wire::testing::OkHead;
using wire::testing::ScriptedServer;

Request Unary(std::string message = "request") {
  Request request;
  request.path = "/test.Script/Call";
  request.messages = {std::move(message)};
  return request;
}

Request Stream(CallShape shape, int64_t count, std::vector<std::string> messages) {
  Request request;
  request.path = "/test.Script/Call";
  request.shape = shape;
  request.message_count = count;
  request.messages = std::move(messages);
  return request;
}

void AnswersOk(Exchange& exchange, size_t) { AnswerOk(exchange, "answer"); }
void NeverAnswers(Exchange&, size_t) {}

/// A port that nobody listens on.
uint16_t FreePort() { return ScriptedServer(AnswersOk).http2().port(); }

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A server with one method that echoes messages, or joins those of a client stream.
class EchoServer {
 public:
  explicit EchoServer(rpc::MethodKind kind) : server_(MakeDispatcher(kind)) {}

  uint16_t port() { return server_.http2().port(); }
  /// Messages that were read.
  int64_t reads() const { return reads_; }

 private:
  std::shared_ptr<const rpc::Dispatcher> MakeDispatcher(rpc::MethodKind kind) {
    rpc::Method method;
    method.path = "/test.Script/Call";
    method.kind = kind;
    method.handler = [this, kind](rpc::CallContext&, rpc::ServerStream& stream) {
      return kind == rpc::MethodKind::kClientStreaming ? Collect(this, stream) : Echo(this, stream);
    };
    rpc::Dispatcher::Builder builder;
    builder.Add(std::move(method));
    return std::move(builder).Build();
  }
  static rpc::Task<rpc::Status> Echo(EchoServer* self, rpc::ServerStream& stream) {
    while (true) {
      std::optional<std::string> message = co_await stream.Read();
      if (!message) co_return rpc::Status();
      ++self->reads_;
      std::string answer = "echo " + *message;
      const bool written = co_await stream.Write(std::move(answer));
      if (!written) co_return rpc::Status();
    }
  }
  static rpc::Task<rpc::Status> Collect(EchoServer* self, rpc::ServerStream& stream) {
    std::string all;
    while (true) {
      std::optional<std::string> message = co_await stream.Read();
      if (!message) break;
      ++self->reads_;
      all += *message;
    }
    co_await stream.Write(std::move(all));
    co_return rpc::Status();
  }

  std::atomic<int64_t> reads_{0};
  wire::testing::DispatcherServer server_;
};

class GrpcEngines : public ::testing::TestWithParam<EngineKind> {
 protected:
  bool native() const { return GetParam() == EngineKind::kGrpc; }
  EngineSpec Spec(uint16_t port) const { return testing::SpecFor(GetParam(), port); }
  EngineSpec Spec(ScriptedServer& server) const { return Spec(server.http2().port()); }

  /// One call to a server that answers with `script`.
  Answer CallOnce(ScriptedServer::Script script, const Request& request = Unary()) {
    ScriptedServer server(std::move(script));
    EngineHarness harness(Spec(server));
    const absl::Status connected = harness.Connect();
    EXPECT_TRUE(connected.ok()) << connected;
    return harness.Call(request);
  }
  /// What Connect says of a server that behaves like this.
  std::string ConnectError(Http2ServerOptions options, rpc::Duration patience = seconds(20)) {
    ScriptedServer server(AnswersOk, std::move(options));
    EngineHarness harness(Spec(server));
    const absl::Status status = harness.Connect(patience);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(server.address()));
    return std::string(status.message());
  }
};

TEST_P(GrpcEngines, AnswerWithItsMessage) {
  const Answer answer = CallOnce(AnswersOk);
  EXPECT_TRUE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kGrpcStatus);
  EXPECT_EQ(answer.outcome.code, 0);
  EXPECT_EQ(answer.outcome.bytes_received, 6u);
  EXPECT_EQ(answer.outcome.response, nullptr);
}

TEST_P(GrpcEngines, StatusInTrailers) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendTrailers({{"grpc-status", "5"}, {"grpc-message", "User%20ID 9 not found"}});
  });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kGrpcStatus);
  EXPECT_EQ(answer.outcome.code, 5);
  EXPECT_EQ(answer.message, "User ID 9 not found");
  EXPECT_FALSE(answer.outcome.unreachable);
}

TEST_P(GrpcEngines, StatusInTrailersOnly) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendHead({{":status", "200"},
                       {"content-type", "application/grpc"},
                       {"grpc-status", "7"},
                       {"grpc-message", "no"}},
                      true);
  });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.code, 7);
  EXPECT_EQ(answer.message, "no");
}

TEST_P(GrpcEngines, HttpStatusWithoutGrpcStatus) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendHead({{":status", "503"}}, true);
  });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.code, 14);
  EXPECT_THAT(answer.message, HasSubstr("503"));
}

TEST_P(GrpcEngines, AnswerWithoutMessageFails) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_FALSE(answer.message.empty());
}

TEST_P(GrpcEngines, EndInsideAMessageFails) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(wire::testing::Frame("answer").substr(0, 8));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  EXPECT_FALSE(answer.outcome.ok);
}

TEST_P(GrpcEngines, ResetByTheServer) {
  const Answer answer =
      CallOnce([](Exchange& exchange, size_t) { exchange.Reset(NGHTTP2_ENHANCE_YOUR_CALM); });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.code, 8);  // RESOURCE_EXHAUSTED
}

TEST_P(GrpcEngines, DeadlineCancels) {
  ScriptedServer server(NeverAnswers);
  EngineSpec spec = Spec(server);
  spec.timeout = milliseconds(50);
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Unary());
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kGrpcStatus);
  EXPECT_EQ(answer.outcome.code, 4);
  harness.WaitUntil([&server] { return server.requests()[0].closed.has_value(); });
  EXPECT_EQ(server.requests()[0].closed, NGHTTP2_CANCEL);
}

TEST_P(GrpcEngines, MetadataIsSent) {
  ScriptedServer server(AnswersOk);
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  Request request = Unary();
  request.headers = {{"X-Test", "yes"}, {"x-raw-bin", std::string("\0\1", 2)}};
  EXPECT_TRUE(harness.Call(request).outcome.ok);
  const ScriptedServer::Request seen = server.requests()[0];
  EXPECT_EQ(seen.Header(":path"), "/test.Script/Call");
  EXPECT_EQ(seen.Header("te"), "trailers");
  EXPECT_THAT(std::string(seen.Header("content-type")), HasSubstr("application/grpc"));
  EXPECT_FALSE(seen.Header("grpc-timeout").empty());
  EXPECT_EQ(seen.Header("x-test"), "yes");
  EXPECT_THAT(std::string(seen.Header("x-raw-bin")), HasSubstr("AAE"));
  EXPECT_EQ(seen.body, wire::testing::Frame("request"));
}

TEST_P(GrpcEngines, WhatCannotBeSentIsNamed) {
  ScriptedServer server(AnswersOk);
  EngineHarness harness(Spec(server));
  const auto error = [&harness](const Request& request) {
    const absl::Status status = harness.engine().Encode(request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  Request request = Unary();
  request.headers = {{"te", "gzip"}};
  EXPECT_THAT(error(request), HasSubstr("\"te\""));
  request.headers = {{"a b", "x"}};
  EXPECT_THAT(error(request), HasSubstr("\"a b\""));
  request.headers = {{"x-text", "a\nb"}};
  EXPECT_THAT(error(request), HasSubstr("\"x-text\""));
  request = Unary();
  request.path = "no path";
  EXPECT_THAT(error(request), HasSubstr("\"no path\""));
  request = Unary();
  request.messages.push_back("more");
  EXPECT_THAT(error(request), HasSubstr("exactly one"));
  EXPECT_THAT(error(Stream(CallShape::kClientStream, -1, {"a"})), HasSubstr("-1"));
  EXPECT_THAT(error(Stream(CallShape::kBidiStream, 2, {})), HasSubstr("2"));
}

TEST_P(GrpcEngines, ServerStream) {
  ScriptedServer server([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    for (const char* text : {"one", "two", "three"}) exchange.SendBody(wire::testing::Frame(text));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Stream(CallShape::kServerStream, 1, {"request"}));
  EXPECT_TRUE(answer.outcome.ok) << answer.message;
  EXPECT_EQ(answer.outcome.bytes_received, 11u);
  EXPECT_EQ(harness.messages().size(), 3u);
}

TEST_P(GrpcEngines, ServerStreamMayBeEmpty) {
  const Answer answer = CallOnce(
      [](Exchange& exchange, size_t) {
        exchange.SendHead(OkHead(), false);
        exchange.SendTrailers({{"grpc-status", "0"}});
      },
      Stream(CallShape::kServerStream, 1, {"request"}));
  EXPECT_TRUE(answer.outcome.ok) << answer.message;
}

TEST_P(GrpcEngines, ClientStreamSendsMessagesOverAndOver) {
  EchoServer server(rpc::MethodKind::kClientStreaming);
  EngineSpec spec = Spec(server.port());
  spec.keep_response = true;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Stream(CallShape::kClientStream, 5, {"a", "b"}));
  EXPECT_TRUE(answer.outcome.ok) << answer.message;
  EXPECT_EQ(server.reads(), 5);
  ASSERT_TRUE(answer.response.has_value());
  EXPECT_EQ(answer.response->body, "ababa");
  EXPECT_TRUE(harness.messages().empty());
  EXPECT_EQ(harness.engine().counts().bytes_sent, 5u);
  // Without a message too.
  EXPECT_TRUE(harness.Call(Stream(CallShape::kClientStream, 0, {})).outcome.ok);
  EXPECT_EQ(server.reads(), 5);
}

TEST_P(GrpcEngines, BidiStreamTakesTurns) {
  EchoServer server(rpc::MethodKind::kBidiStreaming);
  EngineSpec spec = Spec(server.port());
  spec.keep_response = true;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Stream(CallShape::kBidiStream, 7, {"ping", "pong"}));
  EXPECT_TRUE(answer.outcome.ok) << answer.message;
  EXPECT_EQ(harness.messages().size(), 7u);
  EXPECT_EQ(answer.response->body, "echo ping");
}

// A server that answers only the first message gets no second.
TEST_P(GrpcEngines, BidiStreamWaitsForTheAnswer) {
  ScriptedServer server(NeverAnswers, {}, [](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(wire::testing::Frame("answer"));
  });
  EngineSpec spec = Spec(server);
  spec.timeout = milliseconds(200);
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Stream(CallShape::kBidiStream, 9, {"x"}));
  EXPECT_EQ(answer.outcome.code, 4);
  EXPECT_EQ(harness.messages().size(), 1u);
  EXPECT_EQ(server.requests()[0].body, wire::testing::Frame("x") + wire::testing::Frame("x"));
}

TEST_P(GrpcEngines, ResponseIsKept) {
  ScriptedServer server([](Exchange& exchange, size_t) {
    exchange.SendHead({{":status", "200"},
                       {"content-type", "application/grpc"},
                       {"grpc-encoding", "gzip"},
                       {"x-head", "1"},
                       {"x-raw-bin", "AAE"}},
                      false);
    exchange.SendBody(wire::testing::Frame(Gzip(std::string(1000, 'a')), true));
    exchange.SendTrailers({{"grpc-status", "0"}, {"x-trailer", "2"}});
  });
  EngineSpec spec = Spec(server);
  spec.keep_response = true;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  for (int i = 0; i < 2; ++i) {
    const Answer answer = harness.Call(Unary());
    EXPECT_TRUE(answer.outcome.ok) << answer.message;
    ASSERT_TRUE(answer.response.has_value());
    EXPECT_EQ(answer.response->status, 0);
    EXPECT_EQ(answer.response->body, std::string(1000, 'a'));
    EXPECT_THAT(answer.response->headers, Contains(Pair("x-head", "1")));
    EXPECT_THAT(answer.response->headers, Contains(Pair("x-raw-bin", std::string("\0\1", 2))));
    EXPECT_THAT(answer.response->headers, Contains(Pair("x-trailer", "2")));
  }
}

TEST_P(GrpcEngines, ResponseThatIsTooLongFails) {
  ScriptedServer server(
      [](Exchange& exchange, size_t) { AnswerOk(exchange, std::string(100, 'x')); });
  EngineSpec spec = Spec(server);
  spec.keep_response = true;
  spec.max_response = 99;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_EQ(harness.Call(Unary()).outcome.code, 8);
}

TEST_P(GrpcEngines, LargeMessagesBothWays) {
  EchoServer server(rpc::MethodKind::kUnary);
  EngineHarness harness(Spec(server.port()), {.slots = 4});
  ASSERT_TRUE(harness.Connect().ok());
  const Request request = Unary(std::string(3'000'000, 'x'));
  harness.Repeat(request, 12);
  for (const Answer& answer : harness.answers()) {
    EXPECT_TRUE(answer.outcome.ok) << answer.message;
    EXPECT_EQ(answer.outcome.bytes_received, 3'000'005u);
  }
}

TEST_P(GrpcEngines, ManySlotsOnFewConnections) {
  ScriptedServer server(AnswersOk);
  EngineHarness harness(Spec(server), {.slots = 200, .connections = 2});
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_EQ(server.http2().accepted(), 2u);
  harness.Repeat(Unary(), 3000);
  EXPECT_EQ(harness.answers().size(), 3000u);
  for (const Answer& answer : harness.answers()) ASSERT_TRUE(answer.outcome.ok) << answer.message;
  EXPECT_EQ(server.requests().size(), 3000u);
  EXPECT_EQ(server.http2().accepted(), 2u);
  EXPECT_EQ(harness.engine().counts().bytes_sent, 3000u * 7);
  EXPECT_EQ(harness.engine().counts().reconnects, 0u);
}

TEST_P(GrpcEngines, StreamLimitIsRespected) {
  ScriptedServer server(AnswersOk, {.max_concurrent_streams = 2});
  EngineHarness harness(Spec(server), {.slots = 50});
  ASSERT_TRUE(harness.Connect().ok());
  harness.Repeat(Unary(), 500);
  size_t waited = 0;
  for (const Answer& answer : harness.answers()) {
    ASSERT_TRUE(answer.outcome.ok) << answer.message;
    if (answer.outcome.stream_wait.count() > 0) ++waited;
  }
  // The library does not tell.
  if (native()) {
    EXPECT_GE(waited, 400u);
  }
}

TEST_P(GrpcEngines, LostConnectionComesBack) {
  ScriptedServer server([](Exchange& exchange, size_t number) {
    number == 0 ? exchange.Disconnect() : AnswerOk(exchange, "answer");
  });
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  const Answer lost = harness.Call(Unary());
  EXPECT_FALSE(lost.outcome.ok);
  EXPECT_EQ(lost.outcome.code, 14);
  EXPECT_FALSE(lost.message.empty());
  for (int i = 0; i < 1000 && !harness.Call(Unary()).outcome.ok; ++i) {
    harness.WaitUntil([turns = 0]() mutable { return ++turns > 10; });
  }
  EXPECT_TRUE(harness.answers().back().outcome.ok) << harness.answers().back().message;
  if (native()) {
    EXPECT_GE(harness.engine().counts().reconnects, 1u);
  }
}

TEST_P(GrpcEngines, ServerThatIsGoneIsUnreachable) {
  auto server = std::make_unique<ScriptedServer>(AnswersOk);
  const std::string address = server->address();
  EngineHarness harness(Spec(*server), {.slots = 3, .connections = 2});
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_TRUE(harness.Call(Unary()).outcome.ok);
  server.reset();
  for (int i = 0; i < 1000 && !harness.answers().back().outcome.unreachable; ++i) {
    EXPECT_EQ(harness.Call(Unary()).outcome.code, 14);
    harness.WaitUntil([turns = 0]() mutable { return ++turns > 3; });
  }
  EXPECT_TRUE(harness.answers().back().outcome.unreachable);
  if (native()) {
    EXPECT_THAT(harness.answers().back().message, HasSubstr(address));
  }
}

TEST_P(GrpcEngines, ShutdownIsSilent) {
  ScriptedServer server(NeverAnswers);
  EngineHarness harness(Spec(server), {.slots = 20, .connections = 3});
  ASSERT_TRUE(harness.Connect().ok());
  for (uint32_t slot = 0; slot < 20; ++slot) harness.Issue(slot, Unary());
  harness.WaitUntil([&server] { return server.requests().size() == 20; });
  harness.Shutdown();
  EXPECT_TRUE(harness.answers().empty());
}

TEST_P(GrpcEngines, RefusedConnectionIsNamed) {
  const uint16_t port = FreePort();
  EngineHarness harness(Spec(port), {.slots = 4, .connections = 4});
  const absl::Status status = harness.Connect();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("127.0.0.1:", port)));
}

TEST_P(GrpcEngines, PeerThatClosesIsNamed) { ConnectError({.close_at_once = true}); }

// Also when the patience is longer than what a library gives one attempt.
TEST_P(GrpcEngines, PeerThatIsSilentIsNamedWhenThePatienceIsOver) {
  EXPECT_THAT(ConnectError({.silent = true}, milliseconds(500)), HasSubstr("in time"));
}

TEST_P(GrpcEngines, PeerThatIsNoHttp2ServerIsNamed) {
  ConnectError({.greeting = "HTTP/1.1 400 Bad Request\r\n\r\n"}, seconds(2));
}

class GrpcEnginesTls : public GrpcEngines {
 protected:
  GrpcEnginesTls()
      : authority_(::testing::TempDir(), absl::StrCat("engine", getpid())),
        context_(wire::testing::MakeServerContext(authority_.Issue("DNS:load.test"))),
        server_(AnswersOk, {.tls = context_.get()}) {}

  absl::Status Connect(const TlsFiles& files) {
    EngineSpec spec = Spec(server_);
    auto tls = TlsClient::Make(files, "127.0.0.1", {"h2"});
    EXPECT_TRUE(tls.ok()) << tls.status();
    spec.tls = *tls;
    EngineHarness harness(spec);
    absl::Status status = harness.Connect();
    if (status.ok()) {
      EXPECT_TRUE(harness.Call(Unary()).outcome.ok);
    }
    return status;
  }

  wire::testing::TestAuthority authority_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  ScriptedServer server_;
};

TEST_P(GrpcEnginesTls, KnownAuthority) {
  const absl::Status status = Connect({.ca = authority_.ca_file(), .server_name = "load.test"});
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(GrpcEnginesTls, OtherNameIsRefused) {
  const absl::Status status = Connect({.ca = authority_.ca_file(), .server_name = "other.test"});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_P(GrpcEnginesTls, UnknownAuthorityIsRefused) {
  const absl::Status status = Connect({.server_name = "load.test"});
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_P(GrpcEnginesTls, InsecureIsOnlyForOurOwn) {
  const absl::Status status = Connect({.insecure = true});
  if (native()) {
    EXPECT_TRUE(status.ok()) << status;
  } else {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
}

std::string Name(const ::testing::TestParamInfo<EngineKind>& info) {
  return info.param == EngineKind::kGrpc ? "Native" : "Grpcpp";
}
INSTANTIATE_TEST_SUITE_P(All, GrpcEngines,
                         ::testing::Values(EngineKind::kGrpc, EngineKind::kGrpcpp), Name);
INSTANTIATE_TEST_SUITE_P(All, GrpcEnginesTls,
                         ::testing::Values(EngineKind::kGrpc, EngineKind::kGrpcpp), Name);

// ---- What only our own engine does ----

TEST(GrpcEngine, UnprocessedCallIsSubmittedOnceMore) {
  ScriptedServer server([](Exchange& exchange, size_t number) {
    number == 0 ? exchange.Reset(NGHTTP2_REFUSED_STREAM) : AnswerOk(exchange, "answer");
  });
  EngineHarness harness(testing::SpecFor(EngineKind::kGrpc, server.http2().port()));
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_TRUE(harness.Call(Unary()).outcome.ok);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(GrpcEngine, CallThatIsRefusedTwiceFails) {
  ScriptedServer server([](Exchange& exchange, size_t) { exchange.Reset(NGHTTP2_REFUSED_STREAM); });
  EngineHarness harness(testing::SpecFor(EngineKind::kGrpc, server.http2().port()));
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Unary());
  EXPECT_EQ(answer.outcome.code, 14);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(GrpcEngine, GoawayLosesNothing) {
  ScriptedServer server([](Exchange& exchange, size_t number) {
    if (number > 0) AnswerOk(exchange, "answer");  // the first is left to the GOAWAY
  });
  EngineHarness harness(testing::SpecFor(EngineKind::kGrpc, server.http2().port()));
  ASSERT_TRUE(harness.Connect().ok());
  harness.Issue(0, Unary());
  harness.WaitUntil([&server] { return server.requests().size() == 1; });
  server.http2().GoawayAll(0, NGHTTP2_NO_ERROR);
  harness.AwaitAnswers(1);
  EXPECT_TRUE(harness.answers()[0].outcome.ok) << harness.answers()[0].message;
  EXPECT_EQ(server.http2().accepted(), 2u);
  EXPECT_EQ(harness.engine().counts().reconnects, 1u);
}

TEST(GrpcEngine, WhatWaitsForAStreamCanTimeOut) {
  ScriptedServer server(NeverAnswers, {.max_concurrent_streams = 1});
  EngineSpec spec = testing::SpecFor(EngineKind::kGrpc, server.http2().port());
  spec.timeout = milliseconds(50);
  EngineHarness harness(spec, {.slots = 3});
  ASSERT_TRUE(harness.Connect().ok());
  for (uint32_t slot = 0; slot < 3; ++slot) harness.Issue(slot, Unary());
  harness.AwaitAnswers(3);
  size_t waited = 0;
  for (const Answer& answer : harness.answers()) {
    EXPECT_EQ(answer.outcome.code, 4);
    if (answer.outcome.stream_wait.count() > 0) ++waited;
  }
  EXPECT_EQ(waited, 2u);
}

TEST(GrpcEngine, HeadersThatThePeerDoesNotTakeAreAFailure) {
  ScriptedServer server(AnswersOk);
  EngineHarness harness(testing::SpecFor(EngineKind::kGrpc, server.http2().port()));
  ASSERT_TRUE(harness.Connect().ok());
  Request request = Unary();
  request.headers = {{"x-large", std::string(100'000, 'x')}};
  const Answer answer = harness.Call(request);
  EXPECT_FALSE(answer.outcome.ok);
}

}  // namespace
}  // namespace slipway::client
