#include "wire/call.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <zlib.h>

#include "wire/testing/client_fixture.h"
#include "wire/testing/scripted_server.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;
using testing::AnswerOk;
using testing::Exchange;
using testing::Frame;
using ::testing::HasSubstr;
using testing::OkHead;
using testing::ScriptedServer;

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A call against a server that answers as the script says.
class CallTest : public testing::ClientFixture {
 protected:
  rpc::UnaryResult Against(ScriptedServer::Script script,
                           testing::Http2ServerOptions options = {}) {
    Serve(std::move(script), std::move(options));
    return Unary(*channel_);
  }
  void Serve(ScriptedServer::Script on_end, testing::Http2ServerOptions options = {},
             ScriptedServer::Script on_headers = {}) {
    server_ = std::make_unique<ScriptedServer>(std::move(on_end), std::move(options),
                                               std::move(on_headers));
    channel_ = std::make_unique<Channel>(executor_, ChannelOptions{.target = server_->address()});
  }

  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(CallTest, SendsTheHeadersOfGrpc) {
  Serve([](Exchange& exchange, size_t) { AnswerOk(exchange, "x"); });
  rpc::CallSpec spec = Spec("/pkg.Service/Method",
                            {{"x-text", "a, b"},
                             {"x-data-bin", std::string("\0\xff", 2)},
                             {"te", "gzip"},
                             {"grpc-timeout", "1n"},
                             {"connection", "close"}},
                            std::chrono::seconds(10));
  EXPECT_TRUE(Unary(*channel_, std::move(spec), "message").status.ok());
  const ScriptedServer::Request request = server_->requests().at(0);
  EXPECT_EQ(request.Header(":method"), "POST");
  EXPECT_EQ(request.Header(":scheme"), "http");
  EXPECT_EQ(request.Header(":path"), "/pkg.Service/Method");
  EXPECT_EQ(request.Header(":authority"), server_->address());
  EXPECT_EQ(request.Header("te"), "trailers");
  EXPECT_EQ(request.Header("content-type"), "application/grpc");
  EXPECT_EQ(request.Header("user-agent").substr(0, 8), "slipway/");
  EXPECT_EQ(request.Header("x-text"), "a, b");
  EXPECT_EQ(request.Header("x-data-bin"), "AP8");
  EXPECT_EQ(request.Header("connection"), "");
  EXPECT_EQ(request.Header("grpc-timeout").size(), 8u) << request.Header("grpc-timeout");
  EXPECT_EQ(request.Header("grpc-timeout").back(), 'u');
  EXPECT_EQ(request.body, Frame("message"));
  EXPECT_TRUE(request.ended);
}

TEST_F(CallTest, RefusesMetadataThatCannotBeSent) {
  Serve([](Exchange& exchange, size_t) { AnswerOk(exchange, "x"); });
  rpc::UnaryResult result = Unary(*channel_, Spec("/m", {{"Upper", "x"}}));
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(result.status.message(), HasSubstr("\"Upper\""));
  result = Unary(*channel_, Spec("/m", {{"x-line", "a\r\nb: c"}}));
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(result.status.message(), HasSubstr("\"x-line\""));
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(CallTest, TrailersOnly) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead({{":status", "200"},
                       {"content-type", "application/grpc"},
                       {"grpc-status", "5"},
                       {"grpc-message", "no %C3%BC 100%"},
                       {"grpc-status-details-bin", "AP8="},
                       {"x-more", "y"}},
                      true);
  });
  EXPECT_EQ(result.status.code(), Code::kNotFound);
  EXPECT_EQ(result.status.message(), "no \xc3\xbc 100%");
  EXPECT_EQ(result.status.details(), std::string("\0\xff", 2));
  EXPECT_TRUE(result.initial_metadata.empty());
  EXPECT_EQ(result.trailers.Find("x-more"), "y");
  EXPECT_EQ(result.trailers.size(), 1u);
}

TEST_F(CallTest, InterimResponsesAreSkipped) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendInterim({{":status", "103"}, {"x-hint", "h"}});
    AnswerOk(exchange, "answer");
  });
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "answer");
  EXPECT_TRUE(result.initial_metadata.empty());
}

TEST_F(CallTest, NoTrailers) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(Frame("x"));
    exchange.SendTrailers({});
  });
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(result.status.message(), HasSubstr("without sending trailers"));
}

TEST_F(CallTest, TrailersWithoutStatus) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendTrailers({{"x-other", "y"}});
  });
  EXPECT_EQ(result.status.code(), Code::kUnknown);
  EXPECT_THAT(result.status.message(), HasSubstr("no grpc-status"));
}

TEST_F(CallTest, StatusThatIsNoNumberAndUnknownNumber) {
  auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendTrailers({{"grpc-status", "five"}, {"grpc-message", "why"}});
  });
  EXPECT_EQ(result.status.code(), Code::kUnknown);
  EXPECT_EQ(result.status.message(), "why");
  result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendTrailers({{"grpc-status", "77"}});
  });
  EXPECT_EQ(result.status.code(), Code::kUnknown);
}

TEST_F(CallTest, HttpStatusIsMapped) {
  const std::vector<std::pair<std::string, Code>> cases = {
      {"400", Code::kInternal},         {"401", Code::kUnauthenticated},
      {"403", Code::kPermissionDenied}, {"404", Code::kUnimplemented},
      {"429", Code::kUnavailable},      {"502", Code::kUnavailable},
      {"503", Code::kUnavailable},      {"504", Code::kUnavailable},
      {"500", Code::kUnknown},          {"302", Code::kUnknown}};
  for (const auto& [http, code] : cases) {
    const auto result = Against([status = http](Exchange& exchange, size_t) {
      exchange.SendHead({{":status", status}, {"content-type", "text/html"}}, false);
      exchange.SendBody("<html>");
      exchange.SendTrailers({});
    });
    EXPECT_EQ(result.status.code(), code) << http;
    EXPECT_THAT(result.status.message(), HasSubstr(http));
  }
}

TEST_F(CallTest, AnswerThatIsNotGrpc) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead({{":status", "200"}, {"content-type", "text/html"}}, false);
    exchange.SendBody("<html>hello</html>");
    exchange.SendTrailers({});
  });
  EXPECT_EQ(result.status.code(), Code::kUnknown);
  EXPECT_THAT(result.status.message(), HasSubstr("not gRPC"));
}

TEST_F(CallTest, ResetCodesAreMapped) {
  const std::vector<std::pair<uint32_t, Code>> cases = {
      {NGHTTP2_NO_ERROR, Code::kInternal},
      {NGHTTP2_PROTOCOL_ERROR, Code::kInternal},
      {NGHTTP2_INTERNAL_ERROR, Code::kInternal},
      {NGHTTP2_CANCEL, Code::kCancelled},
      {NGHTTP2_ENHANCE_YOUR_CALM, Code::kResourceExhausted},
      {NGHTTP2_INADEQUATE_SECURITY, Code::kPermissionDenied}};
  for (const auto& [reset, code] : cases) {
    const auto result =
        Against([reset = reset](Exchange& exchange, size_t) { exchange.Reset(reset); });
    EXPECT_EQ(result.status.code(), code) << reset;
    EXPECT_THAT(result.status.message(), HasSubstr(nghttp2_http2_strerror(reset)));
    EXPECT_EQ(server_->requests().size(), 1u) << "sent again";
  }
}

TEST_F(CallTest, RefusedStreamIsSentAgainOnce) {
  Serve([](Exchange& exchange, size_t index) {
    index == 0 ? exchange.Reset(NGHTTP2_REFUSED_STREAM) : AnswerOk(exchange, "second");
  });
  const auto result = Unary(*channel_, Spec(), "the request");
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "second");
  ASSERT_EQ(server_->requests().size(), 2u);
  EXPECT_EQ(server_->requests()[1].body, Frame("the request"));

  const auto refused =
      Against([](Exchange& exchange, size_t) { exchange.Reset(NGHTTP2_REFUSED_STREAM); });
  EXPECT_EQ(refused.status.code(), Code::kUnavailable);
  EXPECT_EQ(server_->requests().size(), 2u);
}

TEST_F(CallTest, RefusedStreamAfterASecondMessageIsNotSentAgain) {
  Serve([](Exchange& exchange, size_t) { exchange.Reset(NGHTTP2_REFUSED_STREAM); });
  const auto call = channel_->NewCall();
  call->Start(Spec());
  EXPECT_TRUE(Run(Write(*call, "one")));
  EXPECT_TRUE(Run(Write(*call, "two")));
  call->WritesDone();
  EXPECT_EQ(Run(Finish(*call)).status.code(), Code::kUnavailable);
  EXPECT_EQ(server_->requests().size(), 1u);
}

TEST_F(CallTest, DeadlineResetsTheStream) {
  Serve({});
  const auto result = Unary(*channel_, Spec("/m", {}, std::chrono::milliseconds(30)));
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
  WaitUntil([this] { return server_->requests().at(0).closed.has_value(); });
  EXPECT_EQ(server_->requests()[0].closed, NGHTTP2_CANCEL);
  EXPECT_EQ(Unary(*channel_, Spec("/m", {}, std::chrono::milliseconds(30))).status.code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(server_->http2().accepted(), 1u) << "the connection goes on";
}

TEST_F(CallTest, CancelResetsTheStream) {
  Serve({});
  const auto background = Begin(*channel_);
  WaitUntil([this] { return server_->requests().size() == 1 && server_->requests()[0].ended; });
  background->call->Cancel();
  EXPECT_EQ(Await(*background).status.code(), Code::kCancelled);
  WaitUntil([this] { return server_->requests()[0].closed.has_value(); });
  EXPECT_EQ(server_->requests()[0].closed, NGHTTP2_CANCEL);
}

TEST_F(CallTest, EarlyStatusEndsAnUnfinishedRequest) {
  Serve({}, {}, [](Exchange& exchange, size_t) {
    exchange.SendHead(
        {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "8"}}, true);
  });
  const auto call = channel_->NewCall();
  call->Start(Spec());
  EXPECT_EQ(Run(Finish(*call)).status.code(), Code::kResourceExhausted);
  WaitUntil([this] { return server_->requests().at(0).closed.has_value(); });
  EXPECT_EQ(server_->requests()[0].closed, NGHTTP2_NO_ERROR);
}

TEST_F(CallTest, MessagesInFramesOfOneByte) {
  const auto result =
      Against([](Exchange& exchange, size_t) { AnswerOk(exchange, "split into single bytes"); },
              {.max_data = 1});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, "split into single bytes");
}

TEST_F(CallTest, ManyMessagesInOneFrame) {
  Serve([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(Frame("one") + Frame("") + Frame("three"));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  const auto call = channel_->NewCall();
  call->Start(Spec());
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), "one");
  EXPECT_EQ(Run(Read(*call)), "");
  EXPECT_EQ(Run(Read(*call)), "three");
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  EXPECT_TRUE(Run(Finish(*call)).status.ok());
}

TEST_F(CallTest, MessageCutShort) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(Frame("a whole message").substr(0, 10));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(result.status.message(), HasSubstr("inside a message"));
}

TEST_F(CallTest, SecondMessageCutShort) {
  Serve([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(Frame("one") + Frame("a whole message").substr(0, 10));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  const auto call = channel_->NewCall();
  call->Start(Spec());
  call->WritesDone();
  EXPECT_EQ(Run(Read(*call)), "one");
  EXPECT_EQ(Run(Read(*call)), std::nullopt);
  EXPECT_EQ(Run(Finish(*call)).status.code(), Code::kInternal);
}

TEST_F(CallTest, MessageLargerThanMax) {
  Serve([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(std::string("\0\x7f\xff\xff\xff", 5));
  });
  const auto result = Unary(*channel_);
  EXPECT_EQ(result.status.code(), Code::kResourceExhausted);
  EXPECT_THAT(result.status.message(), HasSubstr("(2147483647 vs. 4194304)"));
  WaitUntil([this] { return server_->requests().at(0).closed.has_value(); });
  EXPECT_EQ(server_->requests()[0].closed, NGHTTP2_CANCEL);
}

TEST_F(CallTest, MessageOfExactlyMax) {
  const auto result =
      Against([](Exchange& exchange, size_t) { AnswerOk(exchange, std::string(4 << 20, 'x')); });
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message.size(), size_t{4} << 20);
}

TEST_F(CallTest, RequestOfManyMegabytes) {
  Serve([](Exchange& exchange, size_t) { AnswerOk(exchange, "got it"); });
  const std::string request(40 << 20, 'x');
  EXPECT_TRUE(Unary(*channel_, Spec(), request).status.ok());
  EXPECT_EQ(server_->requests().at(0).body.size(), request.size() + 5);
}

TEST_F(CallTest, UnknownFlags) {
  const auto result = Against([](Exchange& exchange, size_t) {
    exchange.SendHead(OkHead(), false);
    exchange.SendBody(std::string("\2\0\0\0\1x", 6));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  EXPECT_EQ(result.status.code(), Code::kInternal);
}

ScriptedServer::Script AnswerCompressed(std::string body, std::string encoding) {
  return [body = std::move(body), encoding = std::move(encoding)](Exchange& exchange, size_t) {
    testing::Fields head = OkHead();
    if (!encoding.empty()) head.emplace_back("grpc-encoding", encoding);
    exchange.SendHead(head, false);
    exchange.SendBody(Frame(body, true));
    exchange.SendTrailers({{"grpc-status", "0"}});
  };
}

TEST_F(CallTest, GzipMessage) {
  const std::string text(100'000, 'z');
  const auto result = Against(AnswerCompressed(Gzip(text), "gzip"));
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message, text);
}

TEST_F(CallTest, GzipMessageThatIsTooLargeInflated) {
  const auto result = Against(AnswerCompressed(Gzip(std::string((4 << 20) + 1, 'z')), "gzip"));
  EXPECT_EQ(result.status.code(), Code::kResourceExhausted);
}

TEST_F(CallTest, GzipMessageThatIsBroken) {
  EXPECT_EQ(Against(AnswerCompressed("garbage", "gzip")).status.code(), Code::kInternal);
  const std::string whole = Gzip("some text to be cut");
  EXPECT_EQ(Against(AnswerCompressed(whole.substr(0, whole.size() / 2), "gzip")).status.code(),
            Code::kInternal);
}

TEST_F(CallTest, CompressedWithoutOrWithUnknownEncoding) {
  EXPECT_EQ(Against(AnswerCompressed(Gzip("x"), "")).status.code(), Code::kInternal);
  const auto result = Against(AnswerCompressed("x", "snappy"));
  EXPECT_EQ(result.status.code(), Code::kInternal);
  EXPECT_THAT(result.status.message(), HasSubstr("snappy"));
}

TEST_F(CallTest, MetadataLargerThanMax) {
  Serve([](Exchange& exchange, size_t index) {
    testing::Fields head = OkHead();
    head.emplace_back("x-big", std::string(index == 0 ? 5'000 : 500, 'v'));
    exchange.SendHead(head, false);
    exchange.SendBody(Frame("x"));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  ChannelOptions options{.target = server_->address()};
  options.connection.max_header_list = 1'000;
  Channel channel(executor_, std::move(options));
  const auto result = Unary(channel);
  EXPECT_EQ(result.status.code(), Code::kResourceExhausted);
  EXPECT_THAT(result.status.message(), HasSubstr("metadata larger than max"));
  EXPECT_TRUE(Unary(channel).status.ok()) << "the connection goes on";
}

TEST_F(CallTest, RepeatedAndJoinedBinaryMetadata) {
  const auto result = Against([](Exchange& exchange, size_t) {
    testing::Fields head = OkHead();
    head.emplace_back("x-twice", "1");
    head.emplace_back("x-twice", "2");
    head.emplace_back("x-some-bin", "QQ==,Qg");
    exchange.SendHead(head, false);
    exchange.SendBody(Frame("x"));
    exchange.SendTrailers({{"grpc-status", "0"}});
  });
  const std::vector<rpc::Metadata::Entry> entries(result.initial_metadata.begin(),
                                                  result.initial_metadata.end());
  EXPECT_THAT(entries,
              ::testing::ElementsAre(std::pair("x-twice", "1"), std::pair("x-twice", "2"),
                                     std::pair("x-some-bin", "A"), std::pair("x-some-bin", "B")));
}

TEST_F(CallTest, ManyCallsCancelledBeforeTheyAreSent) {
  Serve([](Exchange& exchange, size_t) { AnswerOk(exchange, "x"); }, {.max_concurrent_streams = 1});
  EXPECT_TRUE(Unary(*channel_).status.ok());
  for (int i = 0; i < 1'000; ++i) {
    const auto call = channel_->NewCall();
    call->Start(Spec());
    if (i % 2 == 0) call->Cancel();
  }
  EXPECT_TRUE(Unary(*channel_).status.ok()) << "places of cancelled calls are free again";
}

TEST_F(CallTest, OutlivesItsChannel) {
  Serve({});
  const auto open = Begin(*channel_);
  const auto fresh = channel_->NewCall();
  WaitUntil([this] { return server_->requests().size() == 1; });
  channel_ = nullptr;
  EXPECT_EQ(Await(*open).status.code(), Code::kUnavailable);
  fresh->Start(Spec());
  EXPECT_EQ(Run(Finish(*fresh)).status.code(), Code::kUnavailable);
}

}  // namespace
}  // namespace slipway::wire
