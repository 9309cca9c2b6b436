#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/testing/temporary_directory.h"
#include "outbound/http_client.h"
#include "outbound/testing/caller.h"
#include "outbound/testing/certificate.h"

namespace slipway::outbound {
namespace {

using testing::Caller;
using ::testing::HasSubstr;
using testing::SelfSigned;

/// A server whose certificate is for localhost only.
class HttpClientTls : public ::testing::Test {
 protected:
  HttpClientTls()
      : certificate_(directory_.path(), "DNS:localhost"),
        server_(certificate_.certificate_file().c_str(), certificate_.key_file().c_str()) {
    server_.Get("/", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("secret", "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~HttpClientTls() override {
    server_.stop();
    thread_.join();
  }
  Caller::Result Get(const HttpClient::Options& options, const std::string& host) {
    HttpClient client(options);
    HttpRequest request;
    request.url = absl::StrCat("https://", host, ":", port_, "/");
    return Caller().Send(client, request);
  }

  base::TemporaryDirectory directory_;
  SelfSigned certificate_;
  httplib::SSLServer server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpClientTls, KnownAuthorityAndName) {
  HttpClient::Options options;
  options.ca_file = certificate_.certificate_file();
  const Caller::Result result = Get(options, "localhost");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "secret");
}

TEST_F(HttpClientTls, UnknownAuthority) {
  const Caller::Result result = Get({}, "localhost");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("certificate"));
}

TEST_F(HttpClientTls, WrongName) {
  HttpClient::Options options;
  options.ca_file = certificate_.certificate_file();
  options.hosts = {absl::StrCat("other.example:", port_, ":127.0.0.1")};
  for (const char* host : {"127.0.0.1", "other.example"}) {
    const Caller::Result result = Get(options, host);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("certificate"));
  }
}

TEST_F(HttpClientTls, NotVerified) {
  HttpClient::Options options;
  options.verify_tls = false;
  EXPECT_TRUE(Get(options, "127.0.0.1").ok());
}

TEST_F(HttpClientTls, MissingAuthorityFileIsNamed) {
  HttpClient::Options options;
  options.ca_file = "/nonexistent/ca.pem";
  const Caller::Result result = Get(options, "localhost");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("/nonexistent/ca.pem"));
}

}  // namespace
}  // namespace slipway::outbound
