// The engine over real sockets, against a server that behaves as each test says.
#include "client/engine/http1_engine.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/testing/temporary_directory.h"
#include "client/testing/scripted_server.h"
#include "wire/testing/certificates.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::ScriptedServer;
using wire::testing::MakeServerContext;
using wire::testing::TestAuthority;
using Peer = ScriptedServer::Peer;

constexpr const char* kHttp11 = "\x08http/1.1";

/// An outcome that outlives its report.
struct Ended {
  explicit Ended(const Outcome& outcome)
      : outcome(outcome), message(outcome.message), kept(outcome.response != nullptr) {
    if (kept) response = *outcome.response;
  }
  Outcome outcome;
  std::string message;
  bool kept;
  Response response;
};

/// One thread of a run: sends the same request so many times.
class Client : public Engine::Listener {
 public:
  explicit Client(const EngineSpec& spec, Share share = {1, 1})
      : share_(share), engine_(loop_.executor(), spec, share) {
    engine_.Listen(this);
  }
  ~Client() override {
    Run([](Client& self) -> rpc::Task<void> { return self.engine_.Shutdown(); });
  }

  absl::Status Connect(rpc::Duration patience = seconds(20)) {
    patience_ = patience;
    Run([](Client& self) -> rpc::Task<void> {
      rpc::Task<absl::Status> connect =
          self.engine_.Connect(self.loop_.executor().Now() + self.patience_);
      self.status_ = co_await std::move(connect);
    });
    return status_;
  }

  std::vector<Ended> Send(const Request& request, int count = 1) {
    Start(request, count);
    loop_.RunUntil(all_ended_);
    return std::exchange(ended_, {});
  }
  /// Without waiting for the end.
  void Start(const Request& request, int count) {
    auto encoded = engine_.Encode(request);
    ASSERT_TRUE(encoded.ok()) << encoded.status();
    request_ = *std::move(encoded);
    to_issue_ = to_end_ = count;
    all_ended_ = false;
    for (uint32_t slot = 0; slot < share_.slots; ++slot) IssueNext(slot);
  }
  std::vector<Ended> Get(int count = 1) { return Send({.method = "GET", .path = "/"}, count); }

  EpollLoop& loop() { return loop_; }
  Http1Engine& engine() { return engine_; }
  const std::vector<Ended>& ended() const { return ended_; }

 private:
  void Run(rpc::Task<void> (*what)(Client&)) {
    bool done = false;
    rpc::Spawn(RunThis(*this, what, done));
    loop_.RunUntil(done);
  }
  static rpc::Task<void> RunThis(Client& self, rpc::Task<void> (*what)(Client&), bool& done) {
    rpc::Task<void> task = what(self);
    co_await std::move(task);
    done = true;
  }
  void IssueNext(uint32_t slot) {
    if (to_issue_ == 0) return;
    --to_issue_;
    engine_.Issue(slot, *request_, loop_.executor().Now());
  }
  void Done(uint32_t slot, const Outcome& outcome, rpc::Time) override {
    ended_.emplace_back(outcome);
    if (--to_end_ == 0) all_ended_ = true;
    IssueNext(slot);
  }

  EpollLoop loop_;
  const Share share_;
  Http1Engine engine_;
  rpc::Duration patience_{};
  absl::Status status_;
  std::unique_ptr<const Engine::Encoded> request_;
  int to_issue_ = 0;
  int to_end_ = 0;
  bool all_ended_ = true;
  std::vector<Ended> ended_;
};

EngineSpec SpecOf(uint16_t port) {
  EngineSpec spec;
  spec.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), port);
  spec.authority = absl::StrCat("127.0.0.1:", port);
  return spec;
}

/// Answers each request, as long as the client asks, with the same bytes.
ScriptedServer::Script Always(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Write(bytes);
  };
}

void ExpectAll(const std::vector<Ended>& all, int status, size_t count) {
  ASSERT_EQ(all.size(), count);
  for (const Ended& each : all) {
    ASSERT_EQ(each.outcome.kind, OutcomeKind::kHttpStatus) << each.message;
    ASSERT_EQ(each.outcome.code, status);
    ASSERT_EQ(each.outcome.ok, status < 400);
    ASSERT_FALSE(each.kept);
  }
}

TEST(Http1Engine, KeepsItsConnection) {
  ScriptedServer server(Always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  const auto all = client.Get(100);
  ExpectAll(all, 200, 100);
  EXPECT_EQ(all[0].outcome.bytes_received, 5u);
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(client.engine().counts().reconnects, 0u);
  EXPECT_GT(client.engine().counts().bytes_sent, 100u * 20);
}

TEST(Http1Engine, ManySlotsAtOnce) {
  ScriptedServer server(Always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  Client client(SpecOf(server.port()), {.slots = 32, .connections = 40});
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Get(3000), 200, 3000);
  EXPECT_EQ(server.requests(), 3000);
  EXPECT_EQ(server.accepted(), 40);
}

TEST(Http1Engine, FewerConnectionsThanSlotsAreMore) {
  ScriptedServer server(Always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  Client client(SpecOf(server.port()), {.slots = 8, .connections = 1});
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Get(100), 200, 100);
  EXPECT_EQ(server.accepted(), 8);
}

TEST(Http1Engine, ReconnectsWhenThePeerClosesAfterItsAnswer) {
  ScriptedServer server([](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Answer(200, "x", "Connection: close\r\n");
  });
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Get(20), 200, 20);
  EXPECT_EQ(server.requests(), 20);
  EXPECT_EQ(client.engine().counts().reconnects, 19u);
}

TEST(Http1Engine, ReconnectsWhenAnIdleConnectionHasEnded) {
  ScriptedServer server([](Peer& peer) {
    if (peer.number() > 0) return Always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(peer);
  });
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  server.WaitEnded(1);
  // The loop learns of it in a turn before this timer, although a busy kernel delivers ends late.
  bool later = false;
  rpc::Timer timer(client.loop().executor());
  timer.Start(client.loop().executor().Now() + milliseconds(200), [&later] { later = true; });
  client.loop().RunUntil(later);
  ExpectAll(client.Get(3), 200, 3);
  EXPECT_EQ(client.engine().counts().reconnects, 1u);
}

TEST(Http1Engine, BodyToTheEndOfTheConnection) {
  ScriptedServer server([](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Write("HTTP/1.0 200 OK\r\n\r\nall of it");
  });
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Get(5), 200, 5);
}

struct AnswerCase {
  const char* name;
  const char* method;
  std::string answer;
  int status;
};

void PrintTo(const AnswerCase& c, std::ostream* out) { *out << c.name; }

class Http1Answer : public ::testing::TestWithParam<AnswerCase> {};

TEST_P(Http1Answer, EndsWhereItEnds) {
  const AnswerCase& c = GetParam();
  ScriptedServer server(Always(c.answer));
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Send({.method = c.method, .path = "/"}, 5), c.status, 5);
  EXPECT_EQ(server.accepted(), 1);
}

const AnswerCase kAnswers[] = {
    {"Chunked", "GET",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200},
    {"Continue", "POST",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx", 201},
    {"EarlyHints", "GET",
     "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
     200},
    {"Head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200},
    {"NoContent", "DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204},
    {"NotModified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304},
    {"Failure", "GET", "HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown", 503},
    {"HugeHeader", "GET",
     "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\nContent-Length: 1\r\n\r\nx", 200},
    {"HugeBody", "GET",
     "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'), 200},
};

INSTANTIATE_TEST_SUITE_P(Http1Engine, Http1Answer, ::testing::ValuesIn(kAnswers),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Http1Engine, FailuresSayWhatTheyWere) {
  ScriptedServer server(Always("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\ndown"));
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  EXPECT_EQ(client.Get()[0].message, "down");
}

/// What one request ends with when the server does `script` to each connection.
Ended Broken(ScriptedServer::Script script) {
  ScriptedServer server(std::move(script));
  Client client(SpecOf(server.port()));
  EXPECT_TRUE(client.Connect().ok());
  std::vector<Ended> all = client.Get(3);
  EXPECT_EQ(all.size(), 3u);
  for (const Ended& each : all) EXPECT_EQ(each.outcome.kind, OutcomeKind::kBroken);
  EXPECT_FALSE(all[2].outcome.ok);
  EXPECT_FALSE(all[2].outcome.unreachable);
  return all[2];
}

TEST(Http1Engine, Reset) {
  const Ended ended = Broken([](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Reset();
  });
  EXPECT_EQ(ended.outcome.code, ECONNRESET);
  EXPECT_THAT(ended.message, HasSubstr("the connection broke with 127.0.0.1:"));
  EXPECT_THAT(ended.message, HasSubstr("Connection reset by peer"));
}

TEST(Http1Engine, EndInTheMiddle) {
  const Ended ended = Broken([](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  });
  EXPECT_EQ(ended.outcome.code, 0);
  EXPECT_EQ(ended.outcome.bytes_received, 4u);
  EXPECT_EQ(ended.message, "the connection ended in the middle of a response");
}

TEST(Http1Engine, EndWithoutAnswer) {
  const Ended ended = Broken([](Peer& peer) { peer.ReadRequest(); });
  EXPECT_EQ(ended.message, "the connection ended before a response");
}

TEST(Http1Engine, Garbage) {
  const Ended ended = Broken([](Peer& peer) {
    if (!peer.ReadRequest().empty()) peer.Write("SSH-2.0-OpenSSH_9.2\r\n");
    peer.WaitForEnd();
  });
  EXPECT_EQ(ended.message, "the response does not begin with an HTTP/1 status line");
}

// A server of gRPC says this to each connection, before it reads, and ends it after what it has
// read.
TEST(Http1Engine, AnHttp2ServerIsNamed) {
  const Ended ended = Broken([](Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    peer.Write(std::string_view("\0\0\6\4\0\0\0\0\0\0\5\0\0\x40\0", 15));
    peer.Write(std::string_view("\0\0\x8\7\0\0\0\0\0\0\0\0\0\0\0\0\1", 17));
  });
  EXPECT_THAT(ended.message, HasSubstr("speaks HTTP/2 here"));
  EXPECT_THAT(ended.message, HasSubstr("grpc://"));
}

TEST(Http1Engine, EndlessHead) {
  const Ended ended = Broken([](Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    peer.Write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 40; ++i) peer.Write("X: " + std::string(10'000, 'x') + "\r\n");
    peer.WaitForEnd();
  });
  EXPECT_THAT(ended.message, HasSubstr("256 KiB"));
}

TEST(Http1Engine, SilenceTimesOutAndClosesTheConnection) {
  ScriptedServer server([](Peer& peer) { peer.WaitForEnd(); });
  EngineSpec spec = SpecOf(server.port());
  spec.timeout = milliseconds(20);
  Client client(spec, {.slots = 2, .connections = 2});
  ASSERT_TRUE(client.Connect().ok());
  const rpc::Time start = rpc::Clock::now();
  const auto all = client.Get(6);
  EXPECT_GE(rpc::Clock::now() - start, milliseconds(60));
  for (const Ended& each : all) {
    EXPECT_EQ(each.outcome.kind, OutcomeKind::kTimeout);
    EXPECT_EQ(each.message, "no complete answer in time");
  }
  server.WaitEnded(6);
  EXPECT_EQ(server.accepted(), 6);
}

TEST(Http1Engine, AnAnswerThatComesTooSlowlyTimesOut) {
  ScriptedServer server([](Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    peer.WaitForEnd();
  });
  EngineSpec spec = SpecOf(server.port());
  spec.timeout = milliseconds(20);
  Client client(spec);
  ASSERT_TRUE(client.Connect().ok());
  // The half may come too late as well, and not each time.
  uint64_t received = 0;
  for (int i = 0; i < 100 && received == 0; ++i) {
    const Ended ended = client.Get()[0];
    ASSERT_EQ(ended.outcome.kind, OutcomeKind::kTimeout);
    received = ended.outcome.bytes_received;
  }
  EXPECT_EQ(received, 4u);
}

TEST(Http1Engine, AServerThatHasGoneIsUnreachable) {
  ScriptedServer server(Always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Get(), 200, 1);
  server.Stop();
  const auto all = client.Get(3);
  const Ended& last = all.back();
  EXPECT_EQ(last.outcome.kind, OutcomeKind::kConnect);
  EXPECT_EQ(last.outcome.code, ECONNREFUSED);
  EXPECT_TRUE(last.outcome.unreachable);
  EXPECT_THAT(last.message, HasSubstr("cannot connect to 127.0.0.1:"));
  EXPECT_THAT(last.message, HasSubstr("Connection refused"));
}

TEST(Http1Engine, ConnectNamesAddressAndReason) {
  ScriptedServer server([](Peer&) {});
  server.Stop();
  Client client(SpecOf(server.port()), {.slots = 3, .connections = 3});
  const absl::Status status = client.Connect();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("cannot connect to 127.0.0.1:", server.port(),
                                     ": Connection refused")));
}

TEST(Http1Engine, LargeRequestsLeaveAsThePeerReads) {
  const std::string large(8'000'000, 'x');
  ScriptedServer server([&](Peer& peer) {
    for (std::string request; !(request = peer.ReadRequest()).empty();) {
      peer.Answer(request.size() > large.size() ? 200 : 400, "");
    }
  });
  Client client(SpecOf(server.port()), {.slots = 2, .connections = 2});
  ASSERT_TRUE(client.Connect().ok());
  ExpectAll(client.Send({.method = "POST", .path = "/", .messages = {large}}, 4), 200, 4);
  EXPECT_GT(client.engine().counts().bytes_sent, 4 * large.size());
}

TEST(Http1Engine, AnAnswerBeforeTheRequestHasLeftCounts) {
  ScriptedServer server([](Peer& peer) {
    peer.Write("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n");
    peer.WaitForEnd();
  });
  Client client(SpecOf(server.port()));
  ASSERT_TRUE(client.Connect().ok());
  const std::string large(8'000'000, 'x');
  const auto all = client.Send({.method = "POST", .path = "/", .messages = {large}});
  ASSERT_EQ(all.size(), 1u);
  // The answer may have come before there was a request; then it is no answer.
  EXPECT_TRUE(all[0].outcome.kind == OutcomeKind::kBroken || all[0].outcome.code == 413);
}

TEST(Http1Engine, KeepsAnswersWhereAsked) {
  ScriptedServer server(
      Always("HTTP/1.1 103 Hints\r\nLink: no\r\n\r\n"
             "HTTP/1.1 202 Accepted\r\nLocation: /jobs/1\r\nX-Empty:\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\nDigest: q\r\n\r\n"));
  EngineSpec spec = SpecOf(server.port());
  spec.keep_response = true;
  Client client(spec);
  ASSERT_TRUE(client.Connect().ok());
  for (const Ended& each : client.Get(3)) {
    ASSERT_TRUE(each.kept);
    EXPECT_EQ(each.response.status, 202);
    EXPECT_EQ(each.response.body, "onetwo");
    EXPECT_THAT(each.response.headers, ElementsAre(Pair("location", "/jobs/1"), Pair("x-empty", ""),
                                                   Pair("transfer-encoding", "chunked")));
  }
}

TEST(Http1Engine, KeepsNoMoreThanTheLimit) {
  ScriptedServer server([](Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Answer(200, peer.number() == 1 ? "12345" : "123456");
  });
  EngineSpec spec = SpecOf(server.port());
  spec.keep_response = true;
  spec.max_response = 5;
  Client client(spec);
  ASSERT_TRUE(client.Connect().ok());
  const auto all = client.Get(2);
  EXPECT_EQ(all[0].outcome.kind, OutcomeKind::kBroken);
  EXPECT_FALSE(all[0].kept);
  EXPECT_EQ(all[0].message, "the body of the response is longer than the limit, 5 bytes");
  EXPECT_EQ(all[1].outcome.code, 200);
  EXPECT_EQ(all[1].response.body, "12345");
}

TEST(Http1Engine, ShutdownReportsNothing) {
  ScriptedServer server([](Peer& peer) { peer.WaitForEnd(); });
  {
    Client client(SpecOf(server.port()), {.slots = 3, .connections = 3});
    ASSERT_TRUE(client.Connect().ok());
    client.Start({.method = "GET", .path = "/"}, 3);
    bool done = false;
    rpc::Spawn([](Client& client, bool& done) -> rpc::Task<void> {
      rpc::Task<void> shutdown = client.engine().Shutdown();
      co_await std::move(shutdown);
      done = true;
    }(client, done));
    client.loop().RunUntil(done);
    EXPECT_TRUE(client.ended().empty());
  }
  server.WaitEnded(3);
}

TEST(Http1Engine, RefusesWhatIsNoHttpRequest) {
  EpollLoop loop;
  Http1Engine engine(loop.executor(), SpecOf(1), {});
  EXPECT_TRUE(absl::IsInvalidArgument(
      engine.Encode({.method = "GET", .path = "/", .messages = {"a", "b"}}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      engine.Encode({.method = "GET", .path = "/", .shape = CallShape::kBidiStream}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(engine.Encode({.method = "G T", .path = "/"}).status()));
}

class Http1TlsTest : public ::testing::Test {
 protected:
  Http1TlsTest() : authority_(directory_.path(), "http1-authority") {}

  void Serve(
      const std::string& alternative_name, const std::string& client_ca = "",
      const char* alpn = kHttp11,
      ScriptedServer::Script script = Always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) {
    context_ = MakeServerContext(authority_.Issue(alternative_name), client_ca, alpn);
    server_.emplace(std::move(script), context_.get());
  }
  EngineSpec Spec(const TlsFiles& files) const {
    EngineSpec spec = SpecOf(server_->port());
    absl::StatusOr<std::shared_ptr<const TlsClient>> tls =
        TlsClient::Make(files, "127.0.0.1", {"http/1.1"});
    EXPECT_TRUE(tls.ok()) << tls.status();
    spec.tls = *std::move(tls);
    return spec;
  }
  std::string ConnectError(const TlsFiles& files) const {
    Client client(Spec(files), {.slots = 2, .connections = 2});
    const absl::Status status = client.Connect();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    return std::string(status.message());
  }

  base::TemporaryDirectory directory_;
  TestAuthority authority_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::optional<ScriptedServer> server_;
};

TEST_F(Http1TlsTest, VerifiesAnAddress) {
  Serve("IP:127.0.0.1");
  Client client(Spec({.ca = authority_.ca_file()}), {.slots = 8, .connections = 8});
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ExpectAll(client.Get(500), 200, 500);
  EXPECT_EQ(server_->accepted(), 8);
}

TEST_F(Http1TlsTest, VerifiesAName) {
  std::string asked;
  Serve("DNS:users.example", "", kHttp11, [&asked](Peer& peer) {
    asked = SSL_get_servername(peer.ssl(), TLSEXT_NAMETYPE_host_name);
    while (!peer.ReadRequest().empty()) peer.Answer(200, "");
  });
  Client client(Spec({.ca = authority_.ca_file(), .server_name = "users.example"}));
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ExpectAll(client.Get(5), 200, 5);
  EXPECT_EQ(asked, "users.example");
}

TEST_F(Http1TlsTest, WrongNameIsNamed) {
  Serve("IP:127.0.0.2");
  EXPECT_THAT(ConnectError({.ca = authority_.ca_file()}), HasSubstr("IP address mismatch"));
  EXPECT_THAT(ConnectError({.ca = authority_.ca_file(), .server_name = "other.example"}),
              HasSubstr("ostname mismatch"));
}

TEST_F(Http1TlsTest, UnknownAuthorityIsNamed) {
  Serve("IP:127.0.0.1");
  const TestAuthority stranger(directory_.path(), "http1-stranger");
  for (const std::string& ca : {stranger.ca_file(), std::string()}) {
    const std::string error = ConnectError({.ca = ca});
    EXPECT_THAT(error, HasSubstr(absl::StrCat("the TLS handshake with 127.0.0.1:", server_->port(),
                                              " failed: certificate verify failed")));
    EXPECT_THAT(error, HasSubstr("local issuer certificate"));
  }
}

TEST_F(Http1TlsTest, InsecureTakesAnyCertificate) {
  Serve("DNS:somebody.example");
  Client client(Spec({.insecure = true}));
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ExpectAll(client.Get(5), 200, 5);
}

TEST_F(Http1TlsTest, ShowsItsCertificate) {
  Serve("IP:127.0.0.1", authority_.ca_file());
  const TestAuthority::Files mine = authority_.Issue("DNS:client.example");
  Client client(
      Spec({.ca = authority_.ca_file(), .certificate = mine.certificate, .key = mine.key}));
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ExpectAll(client.Get(5), 200, 5);
}

TEST_F(Http1TlsTest, AMissingCertificateIsNamed) {
  Serve("IP:127.0.0.1", authority_.ca_file());
  Client client(Spec({.ca = authority_.ca_file()}));
  // In TLS 1.3 the client is through with its handshake before the server has looked.
  if (const absl::Status status = client.Connect(); !status.ok()) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("certificate required"));
    return;
  }
  const auto all = client.Get();
  EXPECT_EQ(all[0].outcome.kind == OutcomeKind::kBroken ? "broken" : all[0].message, "broken");
}

TEST_F(Http1TlsTest, AnotherProtocolIsNamed) {
  Serve("IP:127.0.0.1", "", "\x02h2");
  EngineSpec spec = Spec({.ca = authority_.ca_file()});
  spec.tls = *TlsClient::Make({.ca = authority_.ca_file()}, "127.0.0.1", {"h2", "http/1.1"});
  Client client(spec);
  EXPECT_THAT(std::string(client.Connect().message()), HasSubstr("chose the protocol h2"));
}

TEST_F(Http1TlsTest, APlainServerIsNamed) {
  server_.emplace([](Peer& peer) {
    peer.Write("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.WaitForEnd();
  });
  EXPECT_THAT(ConnectError({.insecure = true}), HasSubstr("wrong version number"));
}

TEST_F(Http1TlsTest, ResumesItsSessionWhenItReconnects) {
  std::vector<bool> resumed;  // one connection after the other
  Serve("IP:127.0.0.1", "", kHttp11, [&resumed](Peer& peer) {
    resumed.push_back(SSL_session_reused(peer.ssl()) == 1);
    if (!peer.ReadRequest().empty()) peer.Answer(200, "", "Connection: close\r\n");
    peer.WaitForEnd();
  });
  {
    Client client(Spec({.ca = authority_.ca_file()}));
    ASSERT_EQ(client.Connect(), absl::OkStatus());
    ExpectAll(client.Get(4), 200, 4);
  }
  server_->Stop();
  EXPECT_THAT(resumed, ElementsAre(false, true, true, true));
}

TEST_F(Http1TlsTest, LargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  Serve("IP:127.0.0.1", "", kHttp11, [large](Peer& peer) {  // it outlives this function
    while (peer.ReadRequest().size() > large.size()) peer.Answer(200, large);
  });
  Client client(Spec({.ca = authority_.ca_file()}), {.slots = 2, .connections = 2});
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  ExpectAll(client.Send({.method = "POST", .path = "/", .messages = {large}}, 6), 200, 6);
}

TEST_F(Http1TlsTest, OnlyAGoodbyeEndsABodyWithoutLength) {
  Serve("IP:127.0.0.1", "", kHttp11, [](Peer& peer) {
    if (peer.ReadRequest().empty()) return;
    peer.Write("HTTP/1.0 200 OK\r\n\r\nall of it");
    if (peer.number() == 0) peer.EndTls();
  });
  Client client(Spec({.ca = authority_.ca_file()}));
  ASSERT_EQ(client.Connect(), absl::OkStatus());
  const auto all = client.Get(2);
  EXPECT_EQ(all[0].outcome.code, 200) << all[0].message;
  EXPECT_EQ(all[1].outcome.kind, OutcomeKind::kBroken);
  EXPECT_THAT(all[1].message, HasSubstr("TLS: "));
}

TEST_F(Http1TlsTest, AHandshakeThatNeverEndsTimesOut) {
  server_.emplace([](Peer& peer) { peer.WaitForEnd(); });
  Client client(Spec({.insecure = true}));
  const absl::Status status = client.Connect(milliseconds(30));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("only 0 of 1 connections"));
}

}  // namespace
}  // namespace slipway::client
