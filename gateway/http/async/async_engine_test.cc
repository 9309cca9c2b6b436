#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/http/async/async_engine_fixture_for_test.h"

namespace slipway::gateway {
namespace {

using AsyncEngineAnswerTest = AsyncEngineTest;

// ---- Requests one after the other ----

TEST_F(AsyncEngineAnswerTest, KeepsTheConnection) {
  Start();
  RawClient client(port_);
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.Ask(Get("/x?" + std::to_string(i)));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "GET /x?" + std::to_string(i));
    EXPECT_TRUE(answer->Has("\r\nDate: "));
    EXPECT_FALSE(answer->Has("Connection: close"));
  }
  EXPECT_EQ(recorder_.Wait(100).size(), 100u);
  EXPECT_EQ(recorder_.events().Count("opened"), 1);
}

TEST_F(AsyncEngineAnswerTest, AnswersFromATimer) {
  Start();
  RawClient client(port_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.Ask(Get("/later"))->body, "GET /later");
}

TEST_F(AsyncEngineAnswerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(port_);
  std::string requests;
  for (int i = 0; i < 300; ++i) {
    requests += i % 3 == 1   ? Get("/later?" + std::to_string(i))
                : i % 3 == 2 ? Post("/echo", std::to_string(i))
                             : Get("/" + std::to_string(i));
  }
  std::thread sender([&] { EXPECT_TRUE(client.Send(requests)); });
  for (int i = 0; i < 300; ++i) {
    const auto answer = client.Receive();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, i % 3 == 1   ? "GET /later?" + std::to_string(i)
                            : i % 3 == 2 ? std::to_string(i)
                                         : "GET /" + std::to_string(i));
  }
  sender.join();
}

TEST_F(AsyncEngineAnswerTest, AnyPartMayComeLate) {
  Start();
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n"
      "2\r\nde\r\n0\r\nT: v\r\n\r\n";
  RawClient client(port_);
  for (size_t cut = 1; cut < request.size(); ++cut) {
    SCOPED_TRACE(cut);
    ASSERT_TRUE(client.Send(request.substr(0, cut)));
    ASSERT_TRUE(client.Send(request.substr(cut)));
    EXPECT_EQ(client.Receive()->body, "abcde");
  }
}

TEST_F(AsyncEngineAnswerTest, ByteByByte) {
  Start();
  RawClient client(port_);
  for (const char byte : Post("/echo", "hello") + Get("/x")) {
    ASSERT_TRUE(client.Send(std::string_view(&byte, 1)));
  }
  EXPECT_EQ(client.Receive()->body, "hello");
  EXPECT_EQ(client.Receive()->body, "GET /x");
}

TEST_F(AsyncEngineAnswerTest, Http10ClosesUnlessAsked) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer->Has("Connection: keep-alive"));
  answer = client.Ask("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer->body, "GET /b");
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineAnswerTest, ClosesWhenAsked) {
  Start();
  RawClient client(port_);
  client.Send(Get("/a", "Connection: close\r\n") + Get("/b"));
  EXPECT_TRUE(client.Receive()->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 1);
}

TEST_F(AsyncEngineAnswerTest, SpreadsConnectionsOverThreads) {
  options_.threads = 3;
  std::mutex mutex;
  std::vector<std::thread::id> threads;
  options_.listen = {"127.0.0.1:0", "127.0.0.1:0"};
  engine_ = MakeAsyncEngine(
      options_,
      [&](rpc::IoExecutor&) {
        const std::lock_guard<std::mutex> lock(mutex);
        threads.push_back(std::this_thread::get_id());
        return std::make_unique<TestHandler>(events_);
      },
      recorder_);
  ASSERT_TRUE(engine_->Start().ok());
  std::sort(threads.begin(), threads.end());
  EXPECT_EQ(std::unique(threads.begin(), threads.end()), threads.end());
  EXPECT_EQ(threads.size(), 3u);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(std::make_unique<RawClient>(engine_->ports().at(i % 2)));
    EXPECT_EQ(clients.back()->Ask(Get("/x"))->status, 200);
  }
}

// ---- Answers ----

TEST_F(AsyncEngineAnswerTest, UnknownLengthIsChunked) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask(Get("/chunks"));
  EXPECT_TRUE(answer->Has("Transfer-Encoding: chunked"));
  EXPECT_EQ(answer->body, "one 22222222222222222222 three");
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
  EXPECT_EQ(recorder_.Wait(1)[0].bytes, 30u);
}

TEST_F(AsyncEngineAnswerTest, UnknownLengthEndsAnHttp10Connection) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_EQ(answer->body, "one 22222222222222222222 three");
}

TEST_F(AsyncEngineAnswerTest, Trailers) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(Get("/trailers"));
  EXPECT_EQ(answer->body, "body");
  EXPECT_TRUE(answer->Has("X-Sum: 4\r\n"));
  EXPECT_EQ(client.Ask("GET /trailers HTTP/1.0\r\n\r\n")->body, "body");
}

TEST_F(AsyncEngineAnswerTest, NoBodyForHeadAnd204) {
  Start();
  RawClient client(port_);
  client.Send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" + Get("/no-content") +
              "HEAD /chunks HTTP/1.1\r\nHost: h\r\n\r\n" + Get("/y"));
  EXPECT_TRUE(client.Receive(false)->Has("Content-Length: 7"));
  const auto none = client.Receive(false);
  EXPECT_EQ(none->status, 204);
  EXPECT_FALSE(none->Has("Content-Length"));
  EXPECT_FALSE(client.Receive(false)->Has("Transfer-Encoding"));
  EXPECT_EQ(client.Receive()->body, "GET /y");
  EXPECT_EQ(recorder_.Wait(4)[0].bytes, 0u);
}

TEST_F(AsyncEngineAnswerTest, NoAnswerIs500) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(Get("/none"));
  EXPECT_EQ(answer->status, 500);
  EXPECT_NE(answer->body.find("\"code\":13"), std::string::npos);
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineAnswerTest, UnfinishedAnswersCloseTheConnection) {
  Start();
  for (const char* path : {"/half", "/short"}) {
    SCOPED_TRACE(path);
    RawClient client(port_);
    EXPECT_FALSE(client.Ask(Get(path)));
  }
  RawClient client(port_);
  EXPECT_EQ(client.Ask(Get("/long"))->body, "long");
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineAnswerTest, LargeAnswerToASlowReader) {
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/big") + Get("/x"));
  EXPECT_EQ(client.Receive()->body.size(), size_t{8} << 20);
  EXPECT_EQ(client.Receive()->body, "GET /x");
}

}  // namespace
}  // namespace slipway::gateway
