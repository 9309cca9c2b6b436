#include "client/engine/tls.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

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
using ::testing::HasSubstr;
using testing::ScriptedServer;
using wire::testing::MakeServerContext;
using wire::testing::TestAuthority;

class TlsClientTest : public ::testing::Test {
 protected:
  TlsClientTest() : authority_(directory_.path(), "tls-authority") {}

  void Serve(const char* alpn) {
    context_ = MakeServerContext(authority_.Issue("IP:127.0.0.1"), "", alpn);
    server_.emplace([](ScriptedServer::Peer& peer) { peer.WaitForEnd(); }, context_.get());
  }
  absl::StatusOr<std::string> Probe(const std::vector<std::string>& protocols,
                                    rpc::Duration patience = seconds(20)) {
    const auto tls = TlsClient::Make({.ca = authority_.ca_file()}, "127.0.0.1", protocols);
    if (!tls.ok()) return tls.status();
    return ProbeProtocol(**tls, Endpoint(boost::asio::ip::address_v4::loopback(), server_->port()),
                         patience);
  }
  std::string MakeError(const TlsFiles& files) {
    const auto tls = TlsClient::Make(files, "h", {"h2"});
    EXPECT_TRUE(absl::IsInvalidArgument(tls.status())) << tls.status();
    return std::string(tls.status().message());
  }

  base::TemporaryDirectory directory_;
  TestAuthority authority_;
  std::unique_ptr<boost::asio::ssl::context> context_;
  std::optional<ScriptedServer> server_;
};

TEST_F(TlsClientTest, NameIsTheHostUnlessGiven) {
  EXPECT_EQ((*TlsClient::Make({}, "host", {"h2"}))->server_name(), "host");
  EXPECT_EQ((*TlsClient::Make({.server_name = "other"}, "host", {"h2"}))->server_name(), "other");
}

TEST_F(TlsClientTest, ErrorsNameTheFile) {
  EXPECT_THAT(MakeError({.ca = "/missing.pem"}), HasSubstr("\"/missing.pem\""));
  EXPECT_THAT(MakeError({.certificate = authority_.ca_file()}), HasSubstr("key file"));
  const auto mine = authority_.Issue("DNS:a");
  const auto others = authority_.Issue("DNS:b");
  EXPECT_THAT(MakeError({.certificate = mine.certificate, .key = others.key}),
              HasSubstr(others.key));
  EXPECT_THAT(MakeError({.certificate = mine.key, .key = mine.key}), HasSubstr(mine.key));
}

TEST_F(TlsClientTest, RefusesProtocolsThatHaveNoName) {
  EXPECT_TRUE(absl::IsInvalidArgument(TlsClient::Make({}, "h", {""}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TlsClient::Make({}, "h", {std::string(256, 'x')}).status()));
}

TEST_F(TlsClientTest, ProbeTellsWhatTheServerChose) {
  Serve("\x02h2\x08http/1.1");
  EXPECT_EQ(Probe({"h2", "http/1.1"}).value_or("error"), "h2");
  EXPECT_EQ(Probe({"http/1.1"}).value_or("error"), "http/1.1");
  EXPECT_EQ(Probe({}).value_or("error"), "");
}

TEST_F(TlsClientTest, ProbeOfAServerThatChoosesNothing) {
  Serve("");
  EXPECT_EQ(Probe({"h2", "http/1.1"}).value_or("error"), "");
}

TEST_F(TlsClientTest, ProbeNamesTheVerifiersReason) {
  TestAuthority stranger(directory_.path(), "tls-stranger");
  context_ = MakeServerContext(stranger.Issue("IP:127.0.0.1"));
  server_.emplace([](ScriptedServer::Peer& peer) { peer.WaitForEnd(); }, context_.get());
  const absl::Status status = Probe({"h2"}).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("the TLS handshake with 127.0.0.1:", server_->port(),
                                     " failed: certificate verify failed: ")));
}

TEST_F(TlsClientTest, ProbeOfSilenceEnds) {
  server_.emplace([](ScriptedServer::Peer& peer) { peer.WaitForEnd(); });
  EXPECT_THAT(std::string(Probe({"h2"}, milliseconds(30)).status().message()),
              HasSubstr("no answer in time"));
}

TEST_F(TlsClientTest, ProbeOfAPeerThatEnds) {
  server_.emplace([](ScriptedServer::Peer&) {});
  const absl::Status status = Probe({"h2"}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(TlsClientTest, ProbeOfNobody) {
  server_.emplace([](ScriptedServer::Peer&) {});
  server_->Stop();
  EXPECT_THAT(std::string(Probe({"h2"}).status().message()), HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace slipway::client
