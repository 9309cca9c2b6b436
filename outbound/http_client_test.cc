#include "outbound/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/reason.h"
#include "outbound/testing/caller.h"
#include "outbound/testing/raw_server.h"

namespace slipway::outbound {
namespace {

using testing::Caller;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using testing::RawServer;
using ::testing::StartsWith;
using Result = Caller::Result;

std::string Message(const Result& result) { return std::string(result.status().message()); }

HttpRequest Get(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  return request;
}

std::shared_ptr<const AllowList> Allow(std::vector<std::string> entries) {
  return std::make_shared<const AllowList>(*AllowList::Parse(entries));
}

/// Answers 200 with the body `ok`.
void AnswerOk(const RawServer::ConnectionPtr& connection, const std::string&) {
  connection->Answer(200, "ok");
}
/// Never answers.
void Ignore(const RawServer::ConnectionPtr&, const std::string&) {}

/// Writes `head`, then `piece` again and again for as long as the client listens.
RawServer::OnRequest Endless(std::string head, std::string piece) {
  struct Writer {
    static void Write(RawServer::Connection* connection, const std::string& piece) {
      connection->Write(piece, [connection, piece] { Write(connection, piece); });
    }
  };
  return [=](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Write(head, [raw = connection.get(), piece] { Writer::Write(raw, piece); });
  };
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

class HttpClientTest : public ::testing::Test {
 protected:
  Result Send(HttpRequest request) { return caller_.Send(*client_, std::move(request)); }

  std::unique_ptr<HttpClient> client_ = std::make_unique<HttpClient>();
  Caller caller_;
};

/// A server as people have them, which tells what it was sent.
class HttpClientMethods : public HttpClientTest {
 protected:
  HttpClientMethods() {
    const auto tell = [](const httplib::Request& request, httplib::Response& response) {
      response.set_header("X-Method", request.method);
      response.set_header("X-Path", request.target);
      response.set_header("X-Sent", request.get_header_value("x-sent"));
      response.set_header("X-Agent", request.get_header_value("user-agent"));
      response.set_header("X-Type", request.get_header_value("content-type"));
      response.set_header("X-Length", request.get_header_value("content-length"));
      response.set_header("X-Expect", request.get_header_value("expect"));
      response.set_content(request.body, "text/plain");
    };
    server_.Get(".*", tell).Post(".*", tell).Put(".*", tell).Patch(".*", tell).Delete(".*", tell);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~HttpClientMethods() override {
    client_.reset();  // the server waits for its connections to end
    server_.stop();
    thread_.join();
  }
  HttpRequest Request(std::string method, std::string body = {}) {
    HttpRequest request = Get(absl::StrCat("http://127.0.0.1:", port_, "/path?query=1"));
    request.method = std::move(method);
    request.body = std::move(body);
    return request;
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

TEST_F(HttpClientMethods, WithoutBody) {
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const Result result = Send(Request(method));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->Find("x-method"), method);
    EXPECT_EQ(result->Find("x-path"), "/path?query=1");
    EXPECT_EQ(result->Find("x-type"), "") << method;
    EXPECT_EQ(result->Find("x-expect"), "");
    const bool may_have_body = method[0] == 'P';
    EXPECT_EQ(result->Find("x-length"), may_have_body ? "0" : "") << method;
    EXPECT_EQ(result->body, "");
  }
}

TEST_F(HttpClientMethods, WithBody) {
  const std::string body = "a body\0with\r\n everything" + std::string(30'000, 'x');
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    HttpRequest request = Request(method, body);
    request.headers = {{"content-type", "application/json"}};
    const Result result = Send(std::move(request));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->Find("x-method"), method);
    EXPECT_EQ(result->Find("x-type"), "application/json");
    EXPECT_EQ(result->Find("x-expect"), "");
    EXPECT_EQ(result->body, body);
  }
}

TEST_F(HttpClientMethods, HeadHasNoBody) {
  const Result result = Send(Request("HEAD"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->Find("x-method"), "HEAD");
  EXPECT_EQ(result->body, "");
}

TEST_F(HttpClientMethods, HeadersBothWays) {
  HttpRequest request = Request("GET");
  request.headers = {{"X-Sent", "a value; with, marks"}};
  const Result result = Send(std::move(request));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->Find("x-sent"), "a value; with, marks");
  EXPECT_EQ(result->Find("x-agent"), absl::StrCat("slipway/", std::string(base::kVersion)));
  EXPECT_THAT(result->headers, Contains(Pair("content-type", "text/plain")));
  EXPECT_EQ(result->Find("x-none"), std::nullopt);
}

TEST_F(HttpClientTest, HeadersInOrderAndOnlyTheFinalOnes) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Write(
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
        "HTTP/1.1 404 Not Found\r\nB:  one \r\nA: two\r\nb: three\r\nempty:\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\ntrailer: dropped\r\n\r\n");
  });
  const Result result = Send(Get(server.Url()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 404);
  EXPECT_EQ(result->body, "abc");
  EXPECT_EQ(result->headers, (HttpHeaders{{"b", "one"},
                                          {"a", "two"},
                                          {"b", "three"},
                                          {"empty", ""},
                                          {"transfer-encoding", "chunked"}}));
}

TEST_F(HttpClientTest, EmptyHeaderValueIsSent) {
  std::string seen;
  RawServer server([&seen](const RawServer::ConnectionPtr& connection, const std::string& request) {
    seen = request;
    connection->Answer(200, "");
  });
  HttpRequest request = Get(server.Url());
  request.headers = {{"x-empty", ""}};
  ASSERT_TRUE(Send(std::move(request)).ok());
  EXPECT_THAT(seen, HasSubstr("\r\nx-empty:\r\n"));
}

TEST_F(HttpClientTest, RefusesWhatCannotBeSent) {
  RawServer server(AnswerOk);
  std::vector<HttpRequest> requests(9, Get(server.Url()));
  requests[0].method = "get";
  requests[1].method = "CONNECT";
  requests[2].method = "GET / HTTP/1.1\r\nx:";
  requests[3].headers = {{"a b", "c"}};
  requests[4].headers = {{"a", "b\r\nc: d"}};
  requests[5].headers = {{"Content-Length", "7"}};
  requests[6].headers = {{"", "c"}};
  requests[7].url = "ftp://127.0.0.1/";
  requests[8].method = "HEAD";
  requests[8].body = "x";
  for (const HttpRequest& request : requests) {
    const Result result = Send(request);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << request.method;
  }
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpClientTest, TakesANewConnectionWhereAsked) {
  RawServer server(AnswerOk);
  HttpRequest request = Get(server.Url());
  request.reuse_connection = false;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Send(request).ok());
  EXPECT_EQ(server.accepted(), 3);
}

TEST_F(HttpClientTest, LocalhostWithADot) {
  RawServer server(AnswerOk);
  const Result result = Send(Get(absl::StrCat("http://localhost.:", server.port(), "/")));
  EXPECT_TRUE(result.ok()) << result.status();
}

TEST_F(HttpClientTest, ReusesItsConnection) {
  RawServer server(AnswerOk);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Send(Get(server.Url())).ok());
  EXPECT_EQ(server.requests(), 20);
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpClientTest, ReplacesAConnectionThatTheServerClosed) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Answer(200, "");
    connection->Finish();
  });
  for (int i = 1; i <= 5; ++i) {
    const Result result = Send(Get(server.Url()));
    ASSERT_TRUE(result.ok()) << result.status();
  }
  EXPECT_EQ(server.requests(), 5);
}

TEST_F(HttpClientTest, HundredsAtOnce) {
  // Nobody is answered before all have asked, so they are under way together.
  constexpr int kRequests = 500;
  std::vector<std::pair<RawServer::ConnectionPtr, std::string>> waiting;
  RawServer server([&](const RawServer::ConnectionPtr& connection, const std::string& request) {
    waiting.emplace_back(connection, request.substr(0, request.find(" HTTP")));
    if (waiting.size() < kRequests) return;
    for (const auto& [each, line] : waiting) each->Answer(200, line);
  });
  HttpClient::Options options;
  options.max_connections_per_host = kRequests;
  HttpClient client(options);
  std::vector<Caller::Sent> sent;
  for (int i = 0; i < kRequests; ++i) {
    sent.push_back(caller_.Start(client, Get(server.Url(absl::StrCat("/", i)))));
  }
  // The first goes alone until it is connected; then the others follow.
  for (int i = 0; i < kRequests; ++i) {
    const Result& result = sent[i].Wait();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->body, absl::StrCat("GET /", i));
  }
  EXPECT_EQ(server.accepted(), kRequests);
}

TEST_F(HttpClientTest, LimitOfConnectionsToOneHost) {
  std::vector<RawServer::ConnectionPtr> held;
  RawServer server([&held](const RawServer::ConnectionPtr& connection, const std::string&) {
    held.push_back(connection);
  });
  RawServer other(AnswerOk);
  HttpClient::Options options;
  options.max_connections_per_host = 2;
  HttpClient client(options);
  std::vector<Caller::Sent> sent;
  for (int i = 0; i < 6; ++i) sent.push_back(caller_.Start(client, Get(server.Url())));
  server.WaitRequests(2);
  // Another host's requests pass those that wait.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(caller_.Send(client, Get(other.Url())).ok());
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(client.under_way(), 2u);
  EXPECT_EQ(client.waiting(), 4u);
  for (int answered = 2; answered <= 6; answered += 2) {
    server.WaitRequests(answered);
    server.Post([&held] {
      std::vector<RawServer::ConnectionPtr> now;
      now.swap(held);
      for (const RawServer::ConnectionPtr& each : now) each->Answer(200, "");
    });
  }
  for (Caller::Sent& each : sent) EXPECT_TRUE(each.Wait().ok());
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(HttpClientTest, TotalLimitMakesRoomByClosingKeptConnections) {
  HttpClient::Options options;
  options.max_connections = 2;
  HttpClient client(options);
  std::vector<std::unique_ptr<RawServer>> servers;
  for (int i = 0; i < 5; ++i) servers.push_back(std::make_unique<RawServer>(AnswerOk));
  for (const auto& server : servers) {
    const Result result = caller_.Send(client, Get(server->Url()));
    EXPECT_TRUE(result.ok()) << result.status();
  }
  // Which of them went is libcurl's choice.
  const auto closed = [&servers] {
    int count = 0;
    for (const auto& server : servers) count += server->closed();
    return count;
  };
  const absl::Time limit = absl::Now() + absl::Seconds(30);
  while (closed() < 3 && absl::Now() < limit) std::this_thread::yield();
  EXPECT_EQ(closed(), 3);
}

TEST_F(HttpClientTest, TooManyWait) {
  RawServer server(Ignore);
  HttpClient::Options options;
  options.max_connections = 1;
  options.max_waiting = 2;
  HttpClient client(options);
  std::vector<Caller::Sent> sent;
  for (int i = 0; i < 3; ++i) sent.push_back(caller_.Start(client, Get(server.Url())));
  const Result result = caller_.Send(client, Get(server.Url()));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << result.status();
  EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kQueueFull);
}

TEST_F(HttpClientTest, SilentServer) {
  RawServer server(Ignore);
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Milliseconds(100);
  const Result result = Send(std::move(request));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded) << result.status();
  EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kBackendTimeout);
  EXPECT_THAT(Message(result), HasSubstr("100ms"));
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, TimeIsUpWhileItWaits) {
  RawServer server(Ignore);
  HttpClient::Options options;
  options.max_connections = 1;
  HttpClient client(options);
  Caller::Sent first = caller_.Start(client, Get(server.Url()));
  server.WaitRequests(1);
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Milliseconds(50);
  const Result result = caller_.Send(client, std::move(request));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded) << result.status();
  EXPECT_THAT(Message(result), HasSubstr("waiting for a connection"));
  EXPECT_EQ(client.waiting(), 0u);
}

TEST_F(HttpClientTest, Dribble) {
  // A byte at a time for ever: every single wait is short, the whole is not.
  RawServer server(Endless("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n", "x"));
  HttpRequest request = Get(server.Url());
  request.timeout = absl::Milliseconds(200);
  request.max_response_bytes = 1'000'000'000;
  EXPECT_EQ(Send(std::move(request)).status().code(), absl::StatusCode::kDeadlineExceeded);
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, Refused) {
  std::string url;
  {
    RawServer server(AnswerOk);
    url = server.Url();
  }
  const Result result = Send(Get(url));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kBackendUnavailable);
  EXPECT_THAT(Message(result), HasSubstr(url));
}

TEST_F(HttpClientTest, ResetWithinTheBody) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc",
                      [raw = connection.get()] { raw->Reset(); });
  });
  const Result result = Send(Get(server.Url()));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(HttpClientTest, EndBeforeTheEndOfTheBody) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc");
    connection->Finish();
  });
  const Result result = Send(Get(server.Url()));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kBackendProtocol);
}

TEST_F(HttpClientTest, EndlessBody) {
  RawServer server(Endless("HTTP/1.1 200 OK\r\n\r\n", std::string(8192, 'x')));
  const Result result = Send(Get(server.Url()));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << result.status();
  EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kResponseTooLarge);
  EXPECT_THAT(Message(result), HasSubstr("body is longer than 65536 bytes"));
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, BodyOfJustTheLimit) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Answer(200, std::string(1000, 'x'));
  });
  HttpRequest request = Get(server.Url());
  request.max_response_bytes = 1000;
  EXPECT_TRUE(Send(request).ok());
  request.max_response_bytes = 999;
  EXPECT_EQ(Send(request).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(HttpClientTest, HugeHeaders) {
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    std::string headers;
    for (int i = 0; i < 200; ++i) {
      absl::StrAppend(&headers, "h", i, ": ", std::string(1000, 'x'), "\r\n");
    }
    connection->Answer(200, "", headers);
  });
  const Result result = Send(Get(server.Url()));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << result.status();
  EXPECT_THAT(Message(result), HasSubstr("head is longer than 65536 bytes"));
}

TEST_F(HttpClientTest, OneEndlessHeaderLine) {
  RawServer server(Endless("HTTP/1.1 200 OK\r\nx: ", std::string(8192, 'x')));
  EXPECT_FALSE(Send(Get(server.Url())).ok());
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, EndlessInterimAnswers) {
  RawServer server(Endless("", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"));
  EXPECT_EQ(Send(Get(server.Url())).status().code(), absl::StatusCode::kResourceExhausted);
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, GarbageInsteadOfHttp) {
  for (const char* garbage :
       {"garbage\r\n\r\n", "220 mail.example.com ESMTP\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", ""}) {
    RawServer server([garbage](const RawServer::ConnectionPtr& connection, const std::string&) {
      connection->Write(garbage);
      connection->Finish();
    });
    const Result result = Send(Get(server.Url()));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable)
        << "\"" << garbage << "\": " << result.status();
  }
}

TEST_F(HttpClientTest, RedirectIsAnAnswer) {
  RawServer canary(AnswerOk);
  RawServer server([&canary](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Answer(302, "", absl::StrCat("location: ", canary.Url(), "\r\n"));
  });
  const Result result = Send(Get(server.Url()));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 302);
  EXPECT_EQ(result->Find("location"), canary.Url());
  EXPECT_EQ(canary.accepted(), 0);
}

TEST_F(HttpClientTest, CookiesAreNotKept) {
  std::vector<std::string> seen;
  RawServer server([&seen](const RawServer::ConnectionPtr& connection, const std::string& request) {
    seen.push_back(request);
    connection->Answer(200, "", "set-cookie: a=b\r\n");
  });
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Send(Get(server.Url())).ok());
  EXPECT_THAT(seen[1], Not(HasSubstr("ookie")));
}

TEST_F(HttpClientTest, NoProxyOfTheEnvironment) {
  RawServer proxy(AnswerOk);
  RawServer server([](const RawServer::ConnectionPtr& connection, const std::string&) {
    connection->Answer(200, "direct");
  });
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
    setenv(name, proxy.Url().c_str(), 1);
  }
  const Result result = Send(Get(server.Url()));
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"}) unsetenv(name);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "direct");
  EXPECT_EQ(proxy.accepted(), 0);
}

TEST_F(HttpClientTest, ForbiddenTargetIsNotDialled) {
  RawServer canary(AnswerOk);
  const auto allow = Allow({"10.0.0.0/8", "allowed.example"});
  for (const char* host : {"127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]",
                           "localhost", "LOCALHOST.", "0177.0.0.1"}) {
    HttpRequest request = Get(canary.Url("/", host));
    request.allow = allow;
    const Result result = Send(std::move(request));
    EXPECT_EQ(result.status().code(), absl::StatusCode::kPermissionDenied) << result.status();
    EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kForbiddenTarget);
  }
  EXPECT_EQ(canary.accepted(), 0);
}

TEST_F(HttpClientTest, NameThatLeadsElsewhereIsNotDialled) {
  RawServer server(AnswerOk);
  // A resolver that says of localhost what nobody should believe. What is dialled is seen by the
  // kernel only if the check fails: then the error is another one.
  HttpClient::Options options;
  options.hosts = {absl::StrCat("localhost:", server.port(), ":192.0.2.1,10.0.0.1")};
  HttpClient client(options);
  HttpRequest request = Get(server.Url("/", "localhost"));
  request.allow = std::make_shared<const AllowList>(AllowList::Loopback());
  const Result result = caller_.Send(client, std::move(request));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kPermissionDenied) << result.status();
  EXPECT_THAT(Message(result), HasSubstr("it leads to"));
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(HttpClientTest, OfSeveralAddressesTheAllowedOneIsDialled) {
  RawServer server(AnswerOk);
  HttpClient::Options options;
  options.hosts = {absl::StrCat("localhost:", server.port(), ":192.0.2.1,127.0.0.1")};
  HttpClient client(options);
  HttpRequest request = Get(server.Url("/", "localhost"));
  request.allow = std::make_shared<const AllowList>(AllowList::Loopback());
  const Result result = caller_.Send(client, std::move(request));
  EXPECT_TRUE(result.ok()) << result.status();
}

TEST_F(HttpClientTest, NameThatIsListedMayLeadAnywhere) {
  RawServer server(AnswerOk);
  HttpClient::Options options;
  options.hosts = {absl::StrCat("trusted.example:", server.port(), ":127.0.0.1")};
  HttpClient client(options);
  HttpRequest request = Get(server.Url("/", "trusted.example"));
  request.allow = Allow({"trusted.example"});
  const Result result = caller_.Send(client, std::move(request));
  EXPECT_TRUE(result.ok()) << result.status();
}

TEST_F(HttpClientTest, UnknownName) {
  const Result result = Send(Get("http://name.invalid/"));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
  EXPECT_THAT(Message(result), HasSubstr("name.invalid"));
}

TEST_F(HttpClientTest, CallerThatLeavesClosesTheConnection) {
  RawServer server(Ignore);
  {
    Caller::Sent sent = caller_.Start(*client_, Get(server.Url()));
    server.WaitRequests(1);
    EXPECT_EQ(server.closed(), 0);
  }
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, CallerThatLeavesFreesItsPlace) {
  bool answer = false;
  RawServer server([&answer](const RawServer::ConnectionPtr& connection, const std::string&) {
    if (std::exchange(answer, true)) connection->Answer(200, "");
  });
  HttpClient::Options options;
  options.max_connections = 1;
  HttpClient client(options);
  {
    Caller::Sent first = caller_.Start(client, Get(server.Url()));
    server.WaitRequests(1);
    Caller::Sent waiting = caller_.Start(client, Get(server.Url()));
  }
  const Result result = caller_.Send(client, Get(server.Url()));
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(HttpClientTest, ExecutorMayGoAfterItsCallers) {
  RawServer server(Ignore);
  {
    Caller caller;
    Caller::Sent sent = caller.Start(*client_, Get(server.Url()));
    server.WaitRequests(1);
  }
  server.WaitClosed(1);
}

TEST_F(HttpClientTest, ClientThatGoesAnswersEverybody) {
  RawServer server(Ignore);
  auto client = std::make_unique<HttpClient>();
  std::vector<Caller::Sent> sent;
  for (int i = 0; i < 10; ++i) sent.push_back(caller_.Start(*client, Get(server.Url())));
  server.WaitRequests(10);
  sent.erase(sent.begin(), sent.begin() + 3);
  client.reset();
  for (Caller::Sent& each : sent) {
    const Result& result = each.Wait();
    EXPECT_EQ(result.status().code(), absl::StatusCode::kUnavailable) << result.status();
    EXPECT_EQ(base::ReasonOf(result.status()), base::Reason::kShuttingDown);
  }
}

TEST_F(HttpClientTest, ClientGoesWhileOthersWaitForTheFirstConnection) {
  RawServer server(Ignore);
  // A little later each time, so that the first connection is made just then in one of them.
  for (int patience = 0; patience < 200; ++patience) {
    auto client = std::make_unique<HttpClient>();
    std::vector<Caller::Sent> sent;
    for (int i = 0; i < 3; ++i) sent.push_back(caller_.Start(*client, Get(server.Url())));
    for (int i = 0; i < patience * 10; ++i) std::this_thread::yield();
    client.reset();
    for (Caller::Sent& each : sent) EXPECT_FALSE(each.Wait().ok());
  }
}

TEST_F(HttpClientTest, IdleConnectionsAreClosed) {
  RawServer server(AnswerOk);
  HttpClient::Options options;
  options.idle_timeout = absl::Seconds(1);
  HttpClient client(options);
  ASSERT_TRUE(caller_.Send(client, Get(server.Url())).ok());
  server.WaitClosed(1);
  EXPECT_TRUE(caller_.Send(client, Get(server.Url())).ok());
}

TEST_F(HttpClientTest, LeaksNoDescriptors) {
  const size_t before = OpenDescriptors();
  {
    RawServer good(AnswerOk);
    RawServer silent(Ignore);
    RawServer garbage([](const RawServer::ConnectionPtr& connection, const std::string&) {
      connection->Write("garbage\r\n\r\n");
    });
    HttpClient client;
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(caller_.Send(client, Get(good.Url())).ok());
      EXPECT_FALSE(caller_.Send(client, Get(garbage.Url())).ok());
      Caller::Sent sent = caller_.Start(client, Get(silent.Url()));
      silent.WaitRequests(i + 1);
    }
    silent.WaitClosed(20);
    EXPECT_FALSE(caller_.Send(client, Get("http://name.invalid/")).ok());
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(HttpClientTest, TaskThatIsNeverAwaitedSendsNothing) {
  RawServer server(AnswerOk);
  { const auto task = client_->Send(caller_.executor(), Get(server.Url())); }
  EXPECT_TRUE(Send(Get(server.Url())).ok());
  EXPECT_EQ(server.requests(), 1);
}

}  // namespace
}  // namespace slipway::outbound
