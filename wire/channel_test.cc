#include "wire/channel.h"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "wire/testing/client_fixture.h"
#include "wire/testing/scripted_server.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;
using testing::AnswerOk;
using testing::Exchange;
using testing::Frame;
using ::testing::HasSubstr;
using testing::Http2ServerOptions;
using testing::OkHead;
using testing::ScriptedServer;

void Answer(Exchange& exchange, size_t) { AnswerOk(exchange, "answer"); }

class ChannelTest : public testing::ClientFixture {
 protected:
  static std::unique_ptr<ScriptedServer> Serve(ScriptedServer::Script script = Answer,
                                               Http2ServerOptions options = {}) {
    return std::make_unique<ScriptedServer>(std::move(script), std::move(options));
  }
  /// A port on which nobody listens now.
  static uint16_t FreePort() {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
  }
  void WaitReady(Channel& channel, size_t connections = 1) {
    WaitUntil([&] { return channel.ready_connections() == connections; });
  }
};

TEST_F(ChannelTest, BecomesReadyWithoutACall) {
  const auto server = Serve();
  Channel channel(executor_, {.target = "grpc://" + server->address()});
  EXPECT_FALSE(channel.ready());
  WaitReady(channel);
  EXPECT_TRUE(channel.ready());
  EXPECT_TRUE(channel.last_error().ok());
}

TEST_F(ChannelTest, WrongOptionsFailEveryCall) {
  EXPECT_FALSE(Channel::Check({.target = "http://x:1"}).ok());
  EXPECT_FALSE(Channel::Check({.target = ""}).ok());
  EXPECT_FALSE(Channel::Check({.target = "grpcs://x:1", .tls = {.ca_file = "/missing"}}).ok());
  EXPECT_TRUE(Channel::Check({.target = "grpc://x:1,[::1]:2"}).ok());
  Channel channel(executor_, {.target = "nonsense"});
  const auto result = Unary(channel);
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_THAT(result.status.message(), HasSubstr("\"nonsense\""));
}

TEST_F(ChannelTest, NobodyListens) {
  const std::string address = "127.0.0.1:" + std::to_string(FreePort());
  Channel channel(executor_, {.target = address});
  for (int i = 0; i < 3; ++i) {
    const auto result = Unary(channel);
    EXPECT_EQ(result.status.code(), Code::kUnavailable);
    EXPECT_THAT(result.status.message(), HasSubstr(address));
    EXPECT_THAT(result.status.message(), HasSubstr("Connection refused"));
  }
  EXPECT_FALSE(channel.ready());
  EXPECT_FALSE(channel.last_error().ok());
}

TEST_F(ChannelTest, NameThatDoesNotResolve) {
  Channel channel(executor_, {.target = "does-not-exist.invalid:1"});
  const auto result = Unary(channel);
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("does-not-exist.invalid"));
}

TEST_F(ChannelTest, ResolvesNames) {
  const auto server = Serve();
  Channel channel(executor_, {.target = "localhost:" + std::to_string(server->http2().port())});
  EXPECT_TRUE(Unary(channel).status.ok());
  EXPECT_EQ(server->requests().at(0).Header(":authority"),
            "localhost:" + std::to_string(server->http2().port()));
}

TEST_F(ChannelTest, ServersThatAreNone) {
  const std::vector<std::pair<Http2ServerOptions, std::string>> cases = {
      {{.greeting = "SSH-2.0-OpenSSH_9.2\r\n"}, "SETTINGS"},
      {{.greeting = "HTTP/1.1 400 Bad Request\r\n\r\n"}, "SETTINGS"},
      {{.greeting = std::string(300, '\xff')}, ""},
      {{.close_at_once = true}, ""}};
  for (const auto& [server_options, text] : cases) {
    const auto server = Serve(Answer, server_options);
    Channel channel(executor_, {.target = server->address()});
    const auto result = Unary(channel);
    EXPECT_EQ(result.status.code(), Code::kUnavailable);
    EXPECT_THAT(result.status.message(), HasSubstr(server->address()));
    EXPECT_THAT(result.status.message(), HasSubstr(text));
  }
}

TEST_F(ChannelTest, SilentServerIsGivenUp) {
  const auto server = Serve(Answer, {.silent = true});
  ChannelOptions options{.target = server->address()};
  options.connection.connect_timeout = std::chrono::milliseconds(50);
  Channel channel(executor_, std::move(options));
  const auto result = Unary(channel);
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("in time"));
}

TEST_F(ChannelTest, DeadlineWhileConnecting) {
  const auto server = Serve(Answer, {.silent = true});
  Channel channel(executor_, {.target = server->address()});
  const auto result = Unary(channel, Spec("/m", {}, std::chrono::milliseconds(20)));
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
}

TEST_F(ChannelTest, QueueIsBounded) {
  const auto server = Serve(Answer, {.silent = true});
  Channel channel(executor_, {.target = server->address(), .queue_limit = 2});
  const auto first = Begin(channel);
  auto second = Begin(channel);
  const auto refused = Unary(channel);
  EXPECT_EQ(refused.status.code(), Code::kResourceExhausted);
  EXPECT_THAT(refused.status.message(), HasSubstr("queue full"));
  second->call->Cancel();
  EXPECT_EQ(Await(*second).status.code(), Code::kCancelled);
  const auto third = Begin(channel);
  EXPECT_FALSE(third->result) << "the cancelled one has made room";
  channel.Shutdown();
  EXPECT_EQ(Await(*first).status.code(), Code::kUnavailable);
  EXPECT_EQ(Await(*third).status.code(), Code::kUnavailable);
}

TEST_F(ChannelTest, MaxConcurrentStreamsOfOne) {
  const auto server = Serve({}, {.max_concurrent_streams = 1});
  Channel channel(executor_, {.target = server->address(), .queue_limit = 2});
  WaitReady(channel);
  const auto first = Begin(channel);
  const auto second = Begin(channel);
  const auto third = Begin(channel);
  EXPECT_EQ(Unary(channel).status.code(), Code::kResourceExhausted);
  for (size_t i = 0; i < 3; ++i) {
    WaitUntil([&] { return server->requests().size() == i + 1 && server->requests()[i].ended; });
    server->ForEachOpen([](Exchange& exchange) { AnswerOk(exchange, "x"); });
  }
  EXPECT_TRUE(Await(*first).status.ok());
  EXPECT_TRUE(Await(*second).status.ok());
  EXPECT_TRUE(Await(*third).status.ok());
  EXPECT_EQ(server->http2().accepted(), 1u);
}

rpc::Task<void> CallThenCancel(Channel& channel, rpc::CallSpec spec, rpc::ClientCall& other) {
  const auto call = channel.NewCall();
  EXPECT_TRUE((co_await rpc::CallUnary(*call, std::move(spec), "x")).status.ok());
  other.Cancel();
}

TEST_F(ChannelTest, CancelInTheConnectionsTurnMakesRoom) {
  const auto server = Serve(
      [](Exchange& exchange, size_t) {
        if (exchange.Header(":path") == "/answered") AnswerOk(exchange, "x");
      },
      {.max_concurrent_streams = 2});
  Channel channel(executor_, {.target = server->address()});
  WaitReady(channel);
  const auto cancelled = Begin(channel);
  rpc::Spawn(CallThenCancel(channel, Spec("/answered"), *cancelled->call));
  const auto first = Begin(channel);
  const auto second = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 4; });
  EXPECT_EQ(Await(*cancelled).status.code(), Code::kCancelled);
  for (auto* each : {first.get(), second.get()}) {
    each->call->Cancel();
    EXPECT_EQ(Await(*each).status.code(), Code::kCancelled);
  }
}

TEST_F(ChannelTest, RoundRobinOverAllAddresses) {
  const auto one = Serve();
  const auto two = Serve();
  Channel channel(executor_,
                  {.target = one->address() + "," + two->address(), .connections_per_address = 2});
  WaitReady(channel, 4);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(Unary(channel).status.ok());
  EXPECT_EQ(one->requests().size(), 4u);
  EXPECT_EQ(two->requests().size(), 4u);
  EXPECT_EQ(one->http2().accepted(), 2u);
}

TEST_F(ChannelTest, OneOfTwoAddressesIsDown) {
  const auto server = Serve();
  Channel channel(executor_,
                  {.target = "127.0.0.1:" + std::to_string(FreePort()) + "," + server->address()});
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Unary(channel).status.ok());
}

TEST_F(ChannelTest, LostConnectionEndsItsCalls) {
  const auto server = Serve({});
  Channel channel(executor_, {.target = server->address()});
  const auto first = Begin(channel);
  const auto second = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 2; });
  server->http2().DisconnectAll();
  for (auto* each : {first.get(), second.get()}) {
    const auto result = Await(*each);
    EXPECT_EQ(result.status.code(), Code::kUnavailable);
    EXPECT_THAT(result.status.message(), HasSubstr("connection to " + server->address()));
  }
  WaitUntil([&] { return server->http2().accepted() == 2; });
  EXPECT_EQ(server->requests().size(), 2u) << "calls that may have been processed are not resent";
}

TEST_F(ChannelTest, ComesBackOnTheSamePort) {
  auto server = Serve();
  const uint16_t port = server->http2().port();
  Channel channel(executor_, {.target = server->address()});
  EXPECT_TRUE(Unary(channel).status.ok());
  server = nullptr;
  WaitUntil([&] { return !channel.ready(); });
  EXPECT_EQ(Unary(channel).status.code(), Code::kUnavailable);
  server = Serve(Answer, {.port = port});
  WaitReady(channel);
  EXPECT_TRUE(Unary(channel).status.ok());
}

TEST_F(ChannelTest, GoawayDrainsAndReplaces) {
  const auto server = Serve({});
  Channel channel(executor_, {.target = server->address()});
  const auto open = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 1 && server->requests()[0].ended; });
  server->http2().GoawayAll((1u << 31) - 1, NGHTTP2_NO_ERROR);
  WaitUntil([&] { return server->http2().accepted() == 2; });
  WaitReady(channel);
  const auto fresh = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 2 && server->requests()[1].ended; });
  server->ForEachOpen([](Exchange& exchange) { AnswerOk(exchange, "x"); });
  EXPECT_TRUE(Await(*open).status.ok()) << "calls below the last stream go on";
  EXPECT_TRUE(Await(*fresh).status.ok());
}

TEST_F(ChannelTest, GoawaySendsUnprocessedCallsAgain) {
  const auto server = Serve({});
  Channel channel(executor_, {.target = server->address()});
  const auto processed = Begin(channel);
  const auto unprocessed = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 2 && server->requests()[1].ended; });
  server->http2().GoawayAll(1, NGHTTP2_NO_ERROR);
  WaitUntil([&] { return server->requests().size() == 3 && server->requests()[2].ended; });
  server->ForEachOpen([](Exchange& exchange) { AnswerOk(exchange, "x"); });
  EXPECT_TRUE(Await(*processed).status.ok());
  EXPECT_TRUE(Await(*unprocessed).status.ok());
  EXPECT_EQ(server->requests().size(), 3u);
}

TEST_F(ChannelTest, ThousandCallsAtOnceOverFewStreams) {
  const auto server = Serve(Answer, {.max_concurrent_streams = 10});
  Channel channel(executor_, {.target = server->address()});
  std::vector<std::unique_ptr<Background>> calls;
  for (int i = 0; i < 1'000; ++i) calls.push_back(Begin(channel));
  for (const auto& call : calls) EXPECT_TRUE(Await(*call).status.ok());
  EXPECT_EQ(server->requests().size(), 1'000u);
  EXPECT_EQ(server->http2().accepted(), 1u);
}

TEST_F(ChannelTest, StalledReadersDoNotStopOtherCalls) {
  // More unread bytes than the connection's window, in streams that nobody reads.
  const auto server = Serve([](Exchange& exchange, size_t index) {
    if (exchange.Header(":path") == "/unary") return AnswerOk(exchange, "x");
    exchange.SendHead(OkHead(), false);
    std::string body;
    while (body.size() < (2 << 20)) body += Frame(std::string(64 << 10, 'x'));
    exchange.SendBody(body);
  });
  Channel channel(executor_, {.target = server->address()});
  std::vector<std::unique_ptr<rpc::ClientCall>> stalled;
  for (int i = 0; i < 40; ++i) {
    stalled.push_back(channel.NewCall());
    stalled.back()->Start(Spec("/stalled"));
    stalled.back()->WritesDone();
    EXPECT_TRUE(Run(Read(*stalled.back())));
  }
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Unary(channel, Spec("/unary")).status.ok());
  for (const auto& call : stalled) {
    for (int i = 0; i < 31; ++i) EXPECT_TRUE(Run(Read(*call))) << "it goes on when it is read";
  }
}

TEST_F(ChannelTest, KeepaliveFindsADeadPeer) {
  // Answers nothing, not even pings: its loop stands still.
  const auto server = Serve({});
  ChannelOptions options{.target = server->address()};
  options.connection.keepalive_time = std::chrono::milliseconds(30);
  options.connection.keepalive_timeout = std::chrono::milliseconds(100);
  Channel channel(executor_, std::move(options));
  const auto open = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 1; });
  std::promise<void> go_on;
  server->http2().executor().Post([&go_on] { go_on.get_future().wait(); });
  const auto result = Await(*open);
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("keepalive"));
  go_on.set_value();
}

TEST_F(ChannelTest, KeepaliveLeavesALivePeerAlone) {
  const auto server = Serve({});
  ChannelOptions options{.target = server->address()};
  options.connection.keepalive_time = std::chrono::milliseconds(5);
  options.connection.keepalive_timeout = std::chrono::seconds(20);
  Channel channel(executor_, std::move(options));
  const auto result = Unary(channel, Spec("/m", {}, std::chrono::milliseconds(200)));
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(server->http2().accepted(), 1u);
}

TEST_F(ChannelTest, ShutdownEndsEverything) {
  const auto server = Serve({});
  Channel channel(executor_, {.target = server->address()});
  const auto open = Begin(channel);
  WaitUntil([&] { return server->requests().size() == 1; });
  channel.Shutdown();
  channel.Shutdown();
  EXPECT_EQ(Await(*open).status.code(), Code::kUnavailable);
  EXPECT_EQ(Unary(channel).status.code(), Code::kUnavailable);
  EXPECT_FALSE(channel.ready());
}

TEST_F(ChannelTest, DestroyedWhileConnecting) {
  const auto server = Serve(Answer, {.silent = true});
  auto channel = std::make_unique<Channel>(executor_, ChannelOptions{.target = server->address()});
  const auto waiting = Begin(*channel);
  WaitUntil([&] { return server->http2().accepted() == 1; });
  channel = nullptr;
  EXPECT_EQ(Await(*waiting).status.code(), Code::kUnavailable);
}

rpc::Task<void> CallThenDestroy(std::unique_ptr<Channel>& channel, rpc::CallSpec spec, bool& done) {
  const auto call = channel->NewCall();
  const auto result = co_await rpc::CallUnary(*call, std::move(spec), "x");
  EXPECT_TRUE(result.status.ok());
  channel = nullptr;  // from inside the connection's own turn
  done = true;
}

TEST_F(ChannelTest, DestroyedByACallOfItsOwn) {
  const auto server = Serve();
  auto channel = std::make_unique<Channel>(executor_, ChannelOptions{.target = server->address()});
  bool done = false;
  rpc::Spawn(CallThenDestroy(channel, Spec(), done));
  WaitUntil([&done] { return done; });
}

}  // namespace
}  // namespace slipway::wire
