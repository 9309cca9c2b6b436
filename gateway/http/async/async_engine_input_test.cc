#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "gateway/http/async/async_engine_fixture_for_test.h"

namespace slipway::gateway {
namespace {

using std::chrono::milliseconds;

using AsyncEngineInputTest = AsyncEngineTest;

// ---- Bodies ----

TEST_F(AsyncEngineInputTest, LargeBody) {
  Start();
  RawClient client(port_);
  const std::string body(options_.limits.max_body_bytes, 'x');
  for (int i = 0; i < 2; ++i) {
    std::thread sender([&] { client.Send(Post("/echo", body)); });
    const auto answer = client.Receive();
    sender.join();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->body == body);
  }
}

TEST_F(AsyncEngineInputTest, BodyAndAnswerAtTheSameTime) {
  Start();
  RawClient client(port_);
  client.Send("POST /duplex HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string head;
  ASSERT_TRUE(client.ReadUntil("\r\n\r\n", &head));
  for (int i = 0; i < 3; ++i) {
    client.Send("3\r\nabc\r\n");
    std::string chunk;
    ASSERT_TRUE(client.ReadUntil("abc\r\n", &chunk));
  }
  client.Send("0\r\n\r\n");
  std::string end;
  ASSERT_TRUE(client.ReadUntil("0\r\n\r\n", &end));
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
}

TEST_F(AsyncEngineInputTest, ContinueWhenTheBodyIsWanted) {
  Start();
  RawClient client(port_);
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.Receive()->status, 100);
  EXPECT_EQ(client.Ask("hello")->body, "hello");
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
}

TEST_F(AsyncEngineInputTest, NoContinueForABodyThatIsNotWanted) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineInputTest, NoContinueForABodyThatIsTooLarge) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 0);
}

TEST_F(AsyncEngineInputTest, UnreadBodyThatIsHereDoesNotCloseTheConnection) {
  Start();
  RawClient client(port_);
  EXPECT_EQ(client.Ask(Post("/x", "not read"))->status, 200);
  EXPECT_EQ(client.Ask(Get("/y"))->body, "GET /y");
}

TEST_F(AsyncEngineInputTest, EarlyAnswerReachesAClientThatStillSends) {
  Start();
  RawClient client(port_);
  client.Send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  client.Send(std::string(100000, 'x'));
  const auto answer = client.Receive();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->Has("Connection: close"));
  client.Send(std::string(100000, 'x'));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineInputTest, BodyOverTheLimit) {
  options_.limits.max_body_bytes = 5;
  Start();
  {
    RawClient client(port_);
    EXPECT_EQ(client.Ask(Post("/echo", "hello"))->body, "hello");
    const auto answer = client.Ask(Post("/echo", "hello!"));
    EXPECT_EQ(answer->status, 413);
    EXPECT_NE(answer->body.find("\"code\":8"), std::string::npos);
    EXPECT_TRUE(client.Closed());
  }
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n"
      "0\r\n\r\n" +
      Get("/never"));
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->body, "body_too_large");
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
  const auto records = recorder_.Wait(3);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].reason, "body_too_large");
  EXPECT_EQ(records[2].reason, "body_too_large");
}

TEST_F(AsyncEngineInputTest, BadChunkReachesTheHandler) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "bad_framing");
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineInputTest, InputThatWaitsIsBounded) {
  Start();
  RawClient client(port_);
  // A body that the handler does not read while it waits: the server must stop reading it. What the
  // kernel takes is some megabytes, so a send of 64 MiB must block.
  client.Send("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n");
  ASSERT_TRUE(events_.WaitFor("waiting"));
  std::thread sender([&] { client.Send(std::string(64 << 20, 'x')); });
  engine_->Drain(milliseconds(0));
  sender.join();
  EXPECT_TRUE(events_.WaitFor("ended"));
}

// ---- Refusals ----

TEST_F(AsyncEngineInputTest, RefusesAndCloses) {
  Start();
  const struct {
    std::string bytes;
    int status;
    const char* reason;
  } cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", 400, "bad_host"},
      {"GET / HTTP/9.9\r\nHost: h\r\n\r\n", 505, "unsupported_version"},
      {Get("/" + std::string(9000, 'x')), 414, "target_too_long"},
      {Get("/", "A: " + std::string(9000, 'x') + "\r\n"), 431, "head_too_large"},
      {Get("/", "Expect: tea\r\n"), 417, "expectation_failed"},
      {Get("http://other/"), 421, "bad_host"},
      {Get("/", "Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", 400, "bad_framing"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9), 400, "bad_request_line"},
  };
  size_t count = 0;
  for (const auto& [bytes, status, reason] : cases) {
    SCOPED_TRACE(reason);
    RawClient client(port_);
    // The canary behind it must never be answered.
    const auto answer = client.Ask(bytes + Get("/canary"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
    EXPECT_TRUE(answer->Has("Connection: close"));
    EXPECT_TRUE(answer->Has("Content-Type: application/json\r\n"));
    EXPECT_EQ(answer->body.find("{\"code\":"), 0u);
    EXPECT_TRUE(client.Closed());
    const auto records = recorder_.Wait(static_cast<int>(++count));
    ASSERT_EQ(records.size(), count);
    EXPECT_EQ(records.back().reason, reason);
    EXPECT_EQ(records.back().status, status);
  }
  EXPECT_EQ(events_.Count("handled"), 0);
}

TEST_F(AsyncEngineInputTest, AnswersWhatCameBeforeTheBadRequest) {
  Start();
  RawClient client(port_);
  client.Send(Get("/first") + "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" + Get("/third"));
  EXPECT_EQ(client.Receive()->body, "GET /first");
  EXPECT_EQ(client.Receive()->status, 400);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 1);
}

TEST_F(AsyncEngineInputTest, ConnectionLimit) {
  options_.limits.max_connections = 2;
  Start();
  RawClient first(port_);
  RawClient second(port_);
  EXPECT_EQ(first.Ask(Get("/x"))->status, 200);
  EXPECT_EQ(second.Ask(Get("/x"))->status, 200);
  {
    RawClient third(port_);
    const auto answer = third.Receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_TRUE(answer->Has("Connection: close"));
    EXPECT_TRUE(third.Closed());
  }
  EXPECT_EQ(recorder_.Wait(3).back().reason, "too_many_connections");
  first.Close();
  ASSERT_TRUE(recorder_.events().WaitFor("closed"));
  RawClient fourth(port_);
  EXPECT_EQ(fourth.Ask(Get("/x"))->status, 200);
}

}  // namespace
}  // namespace slipway::gateway
