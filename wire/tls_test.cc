#include "wire/tls.h"

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/testing/certificates.h"
#include "wire/testing/client_fixture.h"
#include "wire/testing/scripted_server.h"

namespace slipway::wire {
namespace {

using Code = absl::StatusCode;
using testing::AnswerOk;
using testing::Exchange;
using ::testing::HasSubstr;
using testing::ScriptedServer;
using testing::TestAuthority;

class TlsTest : public testing::ClientFixture {
 protected:
  TlsTest() : authority_(::testing::TempDir(), "authority") {}

  void Serve(const std::string& name, const std::string& client_ca = "",
             const char* alpn = "\x02h2") {
    context_ = testing::MakeServerContext(authority_.Issue(name), client_ca, alpn);
    server_ = std::make_unique<ScriptedServer>(
        [](Exchange& exchange, size_t) { AnswerOk(exchange, std::string(3 << 20, 's')); },
        testing::Http2ServerOptions{.tls = context_.get()});
  }
  std::string Port() { return std::to_string(server_->http2().port()); }
  rpc::UnaryResult Call(const std::string& host, TlsOptions tls, std::string request = "x") {
    Channel channel(executor_, {.target = "grpcs://" + host + ":" + Port(), .tls = std::move(tls)});
    return Unary(channel, Spec(), std::move(request));
  }

  TestAuthority authority_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(TlsTest, VerifiesAnAddress) {
  Serve("IP:127.0.0.1");
  const auto result = Call("127.0.0.1", {.ca_file = authority_.ca_file()});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(server_->requests().at(0).Header(":scheme"), "https");
}

TEST_F(TlsTest, VerifiesAName) {
  Serve("DNS:localhost");
  const auto result = Call("localhost", {.ca_file = authority_.ca_file()});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
}

TEST_F(TlsTest, BigMessagesBothWays) {
  Serve("DNS:localhost");
  const std::string request(10 << 20, 'r');
  const auto result = Call("localhost", {.ca_file = authority_.ca_file()}, request);
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.message.size(), size_t{3} << 20);
  EXPECT_EQ(server_->requests().at(0).body.size(), request.size() + 5);
}

TEST_F(TlsTest, WrongName) {
  Serve("DNS:other.example");
  const auto result = Call("127.0.0.1", {.ca_file = authority_.ca_file()});
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("mismatch"));
  const auto renamed =
      Call("127.0.0.1", {.ca_file = authority_.ca_file(), .server_name = "other.example"});
  EXPECT_TRUE(renamed.status.ok()) << renamed.status.message();
}

TEST_F(TlsTest, UnknownAuthority) {
  Serve("IP:127.0.0.1");
  const TestAuthority stranger(::testing::TempDir(), "stranger");
  for (const std::string& ca : {stranger.ca_file(), std::string()}) {
    const auto result = Call("127.0.0.1", {.ca_file = ca});
    EXPECT_EQ(result.status.code(), Code::kUnavailable);
    EXPECT_THAT(result.status.message(), HasSubstr("TLS"));
    EXPECT_THAT(result.status.message(), HasSubstr("certificate"));
  }
}

TEST_F(TlsTest, ClientCertificate) {
  Serve("IP:127.0.0.1", authority_.ca_file());
  const auto client = authority_.Issue("DNS:client");
  const auto result = Call("127.0.0.1", {.ca_file = authority_.ca_file(),
                                         .certificate_file = client.certificate,
                                         .key_file = client.key});
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  const auto without = Call("127.0.0.1", {.ca_file = authority_.ca_file()});
  EXPECT_EQ(without.status.code(), Code::kUnavailable);
}

TEST_F(TlsTest, NoHttp2) {
  Serve("IP:127.0.0.1", "", "\x08http/1.1");
  const auto result = Call("127.0.0.1", {.ca_file = authority_.ca_file()});
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("ALPN"));
}

TEST_F(TlsTest, PlainServer) {
  server_ =
      std::make_unique<ScriptedServer>([](Exchange& exchange, size_t) { AnswerOk(exchange, "x"); });
  const auto result = Call("127.0.0.1", {.ca_file = authority_.ca_file()});
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("TLS"));
}

TEST_F(TlsTest, FilesThatCannotBeUsed) {
  const auto missing = MakeTlsContext({.ca_file = "/missing.pem"});
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/missing.pem"));
  const auto half = MakeTlsContext({.certificate_file = authority_.ca_file()});
  EXPECT_THAT(std::string(half.status().message()), HasSubstr("both"));
  const auto no_key =
      MakeTlsContext({.certificate_file = authority_.ca_file(), .key_file = authority_.ca_file()});
  EXPECT_FALSE(no_key.ok());
}

}  // namespace
}  // namespace slipway::wire
