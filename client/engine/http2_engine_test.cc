#include <unistd.h>

#include <chrono>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "absl/strings/str_cat.h"
#include "client/engine/engine_spec.h"
#include "client/engine/tls.h"
#include "client/testing/engine_harness.h"
#include "wire/testing/certificates.h"
#include "wire/testing/scripted_server.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;
using ::testing::ElementsAre;
using testing::EngineHarness;
using ::testing::HasSubstr;
using ::testing::Pair;
using wire::testing::Exchange;
using wire::testing::Http2ServerOptions;
using wire::testing::ScriptedServer;

Request Get(std::string path = "/a?b=1") {
  Request request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

Request Post(std::string body) {
  Request request;
  request.method = "POST";
  request.path = "/a";
  request.messages = {std::move(body)};
  return request;
}

void SendAnswer(Exchange& exchange, const std::string& status, const std::string& body) {
  exchange.SendHead({{":status", status}, {"x-Head", "1"}}, body.empty());
  if (!body.empty()) {
    exchange.SendBody(body);
    exchange.SendTrailers({});
  }
}

ScriptedServer::Script Answers(std::string status, std::string body) {
  return [status = std::move(status), body = std::move(body)](Exchange& exchange, size_t) {
    SendAnswer(exchange, status, body);
  };
}

EngineSpec Spec(ScriptedServer& server) {
  return testing::SpecFor(EngineKind::kHttp2, server.http2().port());
}

Answer CallOnce(ScriptedServer::Script script, const Request& request = Get()) {
  ScriptedServer server(std::move(script));
  EngineHarness harness(Spec(server));
  const absl::Status connected = harness.Connect();
  EXPECT_TRUE(connected.ok()) << connected;
  return harness.Call(request);
}

TEST(Http2Engine, AnswerWithABody) {
  const Answer answer = CallOnce(Answers("200", "hello"));
  EXPECT_TRUE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kHttpStatus);
  EXPECT_EQ(answer.outcome.code, 200);
  EXPECT_EQ(answer.outcome.bytes_received, 5u);
  EXPECT_EQ(answer.message, "");
  EXPECT_EQ(answer.outcome.response, nullptr);
}

TEST(Http2Engine, AnswerWithoutABody) {
  const Answer answer = CallOnce(Answers("204", ""));
  EXPECT_TRUE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.code, 204);
}

TEST(Http2Engine, RequestWithoutABodyIsHeadersOnly) {
  ScriptedServer server(Answers("200", "x"));
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_TRUE(harness.Call(Get()).outcome.ok);
  const ScriptedServer::Request seen = server.requests()[0];
  EXPECT_EQ(seen.Header(":method"), "GET");
  EXPECT_EQ(seen.Header(":path"), "/a?b=1");
  EXPECT_EQ(seen.Header(":scheme"), "http");
  EXPECT_EQ(seen.Header(":authority"), server.address());
  EXPECT_EQ(seen.Header("accept"), "*/*");
  EXPECT_THAT(std::string(seen.Header("user-agent")), HasSubstr("slipway-load"));
  EXPECT_EQ(seen.Header("content-length"), "");
  EXPECT_EQ(seen.body, "");
  EXPECT_EQ(harness.engine().counts().bytes_sent, 0u);
}

TEST(Http2Engine, RequestWithABody) {
  ScriptedServer server(Answers("200", "x"));
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  Request request = Post(R"({"a": 1})");
  request.headers = {{"Host", "other.test"}, {"X-One", "1"}, {"Accept", "text/plain"}};
  EXPECT_TRUE(harness.Call(request).outcome.ok);
  const ScriptedServer::Request seen = server.requests()[0];
  EXPECT_EQ(seen.Header(":authority"), "other.test");
  EXPECT_EQ(seen.Header("host"), "");
  EXPECT_EQ(seen.Header("x-one"), "1");
  EXPECT_EQ(seen.Header("accept"), "text/plain");
  EXPECT_EQ(seen.Header("content-type"), "application/json");
  EXPECT_EQ(seen.Header("content-length"), "8");
  EXPECT_EQ(seen.body, R"({"a": 1})");
  EXPECT_EQ(harness.engine().counts().bytes_sent, 8u);
}

TEST(Http2Engine, LargeBodiesBothWays) {
  const std::string large(2'000'000, 'x');
  ScriptedServer server(Answers("200", large));
  EngineHarness harness(Spec(server), {.slots = 3});
  ASSERT_TRUE(harness.Connect().ok());
  const Request request = Post(large);
  harness.Repeat(request, 6);
  for (const Answer& answer : harness.answers()) {
    EXPECT_TRUE(answer.outcome.ok) << answer.message;
    EXPECT_EQ(answer.outcome.bytes_received, large.size());
  }
  for (const auto& seen : server.requests()) EXPECT_EQ(seen.body.size(), large.size());
}

TEST(Http2Engine, FailureShowsTheBeginningOfItsBody) {
  const Answer answer = CallOnce(Answers("404", std::string(150, 'a') + std::string(150, 'b')));
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kHttpStatus);
  EXPECT_EQ(answer.outcome.code, 404);
  EXPECT_EQ(answer.message, std::string(150, 'a') + std::string(50, 'b'));
  EXPECT_EQ(answer.outcome.bytes_received, 300u);
  EXPECT_FALSE(answer.outcome.unreachable);
}

TEST(Http2Engine, InterimAnswersAreSkipped) {
  const Answer answer = CallOnce([](Exchange& exchange, size_t) {
    exchange.SendInterim({{":status", "103"}, {"link", "</a>"}});
    SendAnswer(exchange, "200", "x");
  });
  EXPECT_TRUE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.code, 200);
}

TEST(Http2Engine, ResponseIsKept) {
  ScriptedServer server(Answers("302", "moved"));
  EngineSpec spec = Spec(server);
  spec.keep_response = true;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  for (int i = 0; i < 2; ++i) {
    const Answer answer = harness.Call(Get());
    ASSERT_TRUE(answer.response.has_value());
    EXPECT_EQ(answer.response->status, 302);
    EXPECT_EQ(answer.response->body, "moved");
    EXPECT_THAT(answer.response->headers, ElementsAre(Pair("x-head", "1")));
  }
}

TEST(Http2Engine, ResponseThatIsTooLongFails) {
  ScriptedServer server(Answers("200", std::string(101, 'x')));
  EngineSpec spec = Spec(server);
  spec.keep_response = true;
  spec.max_response = 100;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Get());
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kBroken);
  EXPECT_THAT(answer.message, HasSubstr("100 bytes"));
}

TEST(Http2Engine, ResponseThatIsTooLongIsCutWhereThatIsWanted) {
  ScriptedServer server(Answers("200", std::string(101, 'x')));
  EngineSpec spec = Spec(server);
  spec.keep_response = spec.cut_response = true;
  spec.max_response = 100;
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Get());
  EXPECT_TRUE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.bytes_received, 101u);
  ASSERT_TRUE(answer.response.has_value());
  EXPECT_EQ(answer.response->body, std::string(100, 'x'));
}

TEST(Http2Engine, ResetIsBroken) {
  const Answer answer =
      CallOnce([](Exchange& exchange, size_t) { exchange.Reset(NGHTTP2_INTERNAL_ERROR); });
  EXPECT_FALSE(answer.outcome.ok);
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kBroken);
  EXPECT_THAT(answer.message, HasSubstr("INTERNAL_ERROR"));
  EXPECT_FALSE(answer.outcome.unreachable);
}

TEST(Http2Engine, LostConnectionIsBroken) {
  ScriptedServer server([](Exchange& exchange, size_t) { exchange.Disconnect(); });
  EngineHarness harness(Spec(server));
  ASSERT_TRUE(harness.Connect().ok());
  const Answer answer = harness.Call(Get());
  EXPECT_EQ(answer.outcome.kind, OutcomeKind::kBroken);
  EXPECT_TRUE(answer.outcome.unreachable);
  EXPECT_THAT(answer.message, HasSubstr(server.address()));
}

TEST(Http2Engine, TimeoutCancels) {
  ScriptedServer server([](Exchange& exchange, size_t number) {
    if (number > 0) SendAnswer(exchange, "200", "x");
  });
  EngineSpec spec = Spec(server);
  spec.timeout = milliseconds(50);
  EngineHarness harness(spec);
  ASSERT_TRUE(harness.Connect().ok());
  EXPECT_EQ(harness.Call(Get()).outcome.kind, OutcomeKind::kTimeout);
  harness.WaitUntil([&server] { return server.requests()[0].closed.has_value(); });
  EXPECT_EQ(server.requests()[0].closed, NGHTTP2_CANCEL);
  // The connection goes on.
  EXPECT_TRUE(harness.Call(Get()).outcome.ok);
  EXPECT_EQ(server.http2().accepted(), 1u);
}

TEST(Http2Engine, StreamsWaitInTheirOrder) {
  ScriptedServer server([](Exchange&, size_t) {}, {.max_concurrent_streams = 1});
  EngineHarness harness(Spec(server), {.slots = 5});
  ASSERT_TRUE(harness.Connect().ok());
  for (uint32_t slot = 0; slot < 5; ++slot) {
    harness.Issue(slot, Get(absl::StrCat("/", slot)));
  }
  for (size_t i = 0; i < 5; ++i) {
    harness.WaitUntil([&server, i] { return server.requests().size() == i + 1; });
    EXPECT_EQ(server.requests()[i].Header(":path"), absl::StrCat("/", i));
    server.ForEachOpen([](Exchange& exchange) { SendAnswer(exchange, "200", "x"); });
    harness.AwaitAnswers(i + 1);
    EXPECT_EQ(harness.answers()[i].slot, i);
    EXPECT_EQ(harness.answers()[i].outcome.stream_wait.count() > 0, i > 0);
  }
}

TEST(Http2Engine, ConnectionsShareTheLoad) {
  ScriptedServer server([](Exchange&, size_t) {});
  EngineHarness harness(Spec(server), {.slots = 8, .connections = 4});
  ASSERT_TRUE(harness.Connect().ok());
  for (uint32_t slot = 0; slot < 8; ++slot) harness.Issue(slot, Get());
  harness.WaitUntil([&server] { return server.requests().size() == 8; });
  // Two streams on each: of each of the first two ids there are four.
  int first = 0;
  int second = 0;
  server.ForEachOpen([&](Exchange& exchange) {
    if (exchange.id() == 1) ++first;
    if (exchange.id() == 3) ++second;
  });
  EXPECT_EQ(first, 4);
  EXPECT_EQ(second, 4);
}

TEST(Http2Engine, WhatCannotBeSentIsNamed) {
  ScriptedServer server(Answers("200", ""));
  EngineHarness harness(Spec(server));
  const auto error = [&harness](const Request& request) {
    const absl::Status status = harness.engine().Encode(request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  Request request = Get();
  request.method = "G ET";
  EXPECT_THAT(error(request), HasSubstr("\"G ET\""));
  request.method = "CONNECT";
  EXPECT_THAT(error(request), HasSubstr("CONNECT"));
  EXPECT_THAT(error(Get("relative")), HasSubstr("relative"));
  EXPECT_THAT(error(Get("/a b")), HasSubstr("/a b"));
  for (const char* name :
       {"Connection", "Transfer-Encoding", "Content-Length", "TE", "a:b", ":path", ""}) {
    request = Get();
    request.headers = {{name, "x"}};
    EXPECT_FALSE(error(request).empty()) << name;
  }
  request = Get();
  request.headers = {{"x-text", "a\r\nb"}};
  EXPECT_THAT(error(request), HasSubstr("x-text"));
}

TEST(Http2Engine, ConnectNamesWhatIsWrong) {
  for (const Http2ServerOptions& options :
       {Http2ServerOptions{.close_at_once = true},
        Http2ServerOptions{.greeting = "HTTP/1.1 400 Bad Request\r\n\r\n"},
        Http2ServerOptions{.silent = true}}) {
    ScriptedServer server(Answers("200", ""), options);
    EngineHarness harness(Spec(server), {.slots = 2, .connections = 2});
    const absl::Status status = harness.Connect(options.silent ? rpc::Duration(milliseconds(100))
                                                               : rpc::Duration(seconds(20)));
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(server.address()));
  }
}

TEST(Http2Engine, TlsNeedsH2) {
  wire::testing::TestAuthority authority(::testing::TempDir(), absl::StrCat("http2", getpid()));
  const auto files = authority.Issue("IP:127.0.0.1");
  const auto with = wire::testing::MakeServerContext(files);
  const auto without = wire::testing::MakeServerContext(files, "", "");
  for (const bool h2 : {true, false}) {
    ScriptedServer server(Answers("200", "x"), {.tls = h2 ? with.get() : without.get()});
    EngineSpec spec = Spec(server);
    auto tls = TlsClient::Make({.ca = authority.ca_file()}, "127.0.0.1", {"h2"});
    ASSERT_TRUE(tls.ok()) << tls.status();
    spec.tls = *tls;
    EngineHarness harness(spec);
    const absl::Status status = harness.Connect();
    EXPECT_EQ(status.ok(), h2) << status;
    if (!h2) {
      EXPECT_THAT(std::string(status.message()), HasSubstr("h2"));
      continue;
    }
    EXPECT_TRUE(harness.Call(Get()).outcome.ok);
    EXPECT_EQ(server.requests()[0].Header(":scheme"), "https");
  }
}

}  // namespace
}  // namespace slipway::client
