#include "gateway/http/async/async_engine.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/reason.h"
#include "gateway/http/async/raw_client_for_test.h"
#include "gateway/http/response_writer.h"

namespace slipway::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Counts named events of the engine's threads; a test waits for them.
class Events {
 public:
  void Add(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counts_[name];
    changed_.notify_all();
  }
  int Count(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return counts_[name];
  }
  bool WaitFor(const std::string& name, int count = 1) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] { return counts_[name] >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

/// Keeps every record, and the counts of connections as events `opened` and `closed`.
class TestRecorder : public Recorder {
 public:
  struct Entry {
    std::string method, target;
    int status;
    uint64_t bytes;
    std::string reason;
  };
  void Record(const ExchangeRecord& record) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      entries_.push_back({std::string(record.method), std::string(record.target), record.status,
                          record.bytes, std::string(record.reason)});
    }
    events_.Add("record");
  }
  void ConnectionOpened() override { events_.Add("opened"); }
  void ConnectionClosed() override { events_.Add("closed"); }

  /// The records, when there are `count`.
  std::vector<Entry> Wait(int count) {
    EXPECT_TRUE(events_.WaitFor("record", count));
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<Entry> entries = entries_;
    entries.resize(std::max(entries.size(), static_cast<size_t>(count)));
    return entries;
  }
  Events& events() { return events_; }

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
  Events events_;
};

/// Answers by the path of the request; the functions below say how.
class TestHandler : public ExchangeHandler {
 public:
  explicit TestHandler(Events& events) : events_(events) {}

  rpc::Task<void> Handle(Exchange& exchange) override {
    events_.Add("handled");
    const std::string path(exchange.head().path());
    if (path == "/echo") return Echo(exchange);
    if (path == "/duplex") return Duplex(exchange);
    if (path == "/chunks") return Chunks(exchange);
    if (path == "/trailers") return Trailers(exchange);
    if (path == "/wait") return Wait(exchange);
    if (path == "/later") return Later(exchange);
    if (path == "/big") return Big(exchange);
    if (path == "/endless") return Endless(exchange);
    if (path == "/none") return None(exchange);
    if (path == "/half") return Half(exchange);
    if (path == "/short") return Short(exchange);
    if (path == "/long") return Long(exchange);
    if (path == "/no-content") return NoContent(exchange);
    return Target(exchange);
  }

 private:
  static ResponseHead Head(int status, std::optional<uint64_t> length) {
    return {status, {{"Content-Type", "text/plain"}}, length};
  }

  /// The method and the target.
  static rpc::Task<void> Target(Exchange& exchange) {
    std::string text = exchange.head().method + " " + exchange.head().target;
    exchange.SendHead(Head(200, text.size()));
    co_await exchange.SendBody(std::move(text), true);
  }

  /// The body, or the reason why there is none.
  rpc::Task<void> Echo(Exchange& exchange) {
    std::string body;
    for (;;) {
      events_.Add("reading");
      auto piece = co_await exchange.ReadBody();
      if (!piece.ok()) {
        const auto reason = base::ReasonOf(piece.status());
        events_.Add(std::string(base::ReasonName(reason)));
        std::string text(base::ReasonName(reason));
        exchange.SendHead(Head(reason == base::Reason::kBodyTooLarge ? 413 : 400, text.size()));
        co_await exchange.SendBody(std::move(text), true);
        co_return;
      }
      if (!*piece) break;
      EXPECT_FALSE((*piece)->empty());
      body += **piece;
    }
    exchange.SendHead(Head(200, body.size()));
    co_await exchange.SendBody(std::move(body), true);
  }

  /// Each piece of the body as it comes.
  static rpc::Task<void> Duplex(Exchange& exchange) {
    exchange.SendHead(Head(200, std::nullopt));
    co_await exchange.SendBody("", false);
    for (;;) {
      auto piece = co_await exchange.ReadBody();
      if (!piece.ok() || !*piece) break;
      co_await exchange.SendBody(std::move(**piece), false);
    }
    co_await exchange.SendBody("", true);
  }

  static rpc::Task<void> Chunks(Exchange& exchange) {
    exchange.SendHead(Head(200, std::nullopt));
    co_await exchange.SendBody("one ", false);
    co_await exchange.SendBody("", false);
    co_await exchange.SendBody(std::string(20, '2'), false);
    co_await exchange.SendBody(" three", true);
  }

  static rpc::Task<void> Trailers(Exchange& exchange) {
    ResponseHead head = Head(200, std::nullopt);
    head.headers.push_back({"Trailer", "X-Sum"});
    exchange.SendHead(std::move(head));
    co_await exchange.SendBody("body", false);
    std::vector<Header> trailers = {{"X-Sum", "4"}};
    co_await exchange.SendTrailers(std::move(trailers));
  }

  struct PeerGone {
    Exchange& exchange;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      exchange.OnPeerGone([handle] { handle.resume(); });
    }
    void await_resume() {}
  };
  /// Until the client goes.
  rpc::Task<void> Wait(Exchange& exchange) {
    events_.Add("waiting");
    co_await PeerGone{exchange};
    events_.Add("gone");
    exchange.SendHead(Head(200, 4));
    EXPECT_FALSE(co_await exchange.SendBody("late", true));
    auto piece = co_await exchange.ReadBody();
    EXPECT_TRUE(!piece.ok() && absl::IsCancelled(piece.status())) << piece.status();
    events_.Add("ended");
  }

  struct Sleep {
    rpc::Timer timer;
    rpc::Time until;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      timer.Start(until, [handle] { handle.resume(); });
    }
    void await_resume() {}
  };
  /// From a timer, as after a call to a backend.
  static rpc::Task<void> Later(Exchange& exchange) {
    co_await Sleep{rpc::Timer(exchange.executor()), exchange.executor().Now() + milliseconds(1)};
    co_await Target(exchange);
  }

  static rpc::Task<void> Big(Exchange& exchange) {
    std::string body(8 << 20, 'b');
    exchange.SendHead(Head(200, body.size()));
    co_await exchange.SendBody(std::move(body), true);
  }

  /// Pieces until the client takes no more.
  rpc::Task<void> Endless(Exchange& exchange) {
    exchange.SendHead(Head(200, std::nullopt));
    // Not a loop of only a condition: g++ 12 drops the call when the loop's body is empty.
    for (bool taken = true; taken;) {
      std::string piece(1 << 20, 'e');
      taken = co_await exchange.SendBody(std::move(piece), false);
    }
    events_.Add("endless ended");
  }

  static rpc::Task<void> None(Exchange&) { co_return; }

  static rpc::Task<void> Half(Exchange& exchange) {
    exchange.SendHead(Head(200, std::nullopt));
    co_await exchange.SendBody("half", false);
  }

  static rpc::Task<void> Short(Exchange& exchange) {
    exchange.SendHead(Head(200, 10));
    co_await exchange.SendBody("short", true);
  }

  static rpc::Task<void> Long(Exchange& exchange) {
    exchange.SendHead(Head(200, 4));
    co_await exchange.SendBody("longer", true);
  }

  static rpc::Task<void> NoContent(Exchange& exchange) {
    exchange.SendHead({204, {}, std::nullopt});
    co_await exchange.SendBody("dropped", true);
  }

  Events& events_;
};

std::string Get(std::string_view target, std::string_view lines = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

std::string Post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

class AsyncEngineTest : public testing::Test {
 protected:
  void Start() {
    options_.listen = {"127.0.0.1:0"};
    engine_ = MakeAsyncEngine(
        options_, [this](rpc::IoExecutor&) { return std::make_unique<TestHandler>(events_); },
        recorder_);
    ASSERT_TRUE(engine_->Start().ok());
    port_ = engine_->ports().at(0);
  }
  void TearDown() override {
    engine_.reset();
    EXPECT_EQ(recorder_.events().Count("opened"), recorder_.events().Count("closed"));
  }

  EngineOptions options_;
  TestRecorder recorder_;
  Events events_;
  std::unique_ptr<HttpEngine> engine_;
  int port_ = 0;
};

// ---- Requests one after the other ----

TEST_F(AsyncEngineTest, KeepsTheConnection) {
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

TEST_F(AsyncEngineTest, AnswersFromATimer) {
  Start();
  RawClient client(port_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.Ask(Get("/later"))->body, "GET /later");
}

TEST_F(AsyncEngineTest, AnswersPipelinedRequestsInOrder) {
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

TEST_F(AsyncEngineTest, AnyPartMayComeLate) {
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

TEST_F(AsyncEngineTest, ByteByByte) {
  Start();
  RawClient client(port_);
  for (const char byte : Post("/echo", "hello") + Get("/x")) {
    ASSERT_TRUE(client.Send(std::string_view(&byte, 1)));
  }
  EXPECT_EQ(client.Receive()->body, "hello");
  EXPECT_EQ(client.Receive()->body, "GET /x");
}

TEST_F(AsyncEngineTest, Http10ClosesUnlessAsked) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer->Has("Connection: keep-alive"));
  answer = client.Ask("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer->body, "GET /b");
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, ClosesWhenAsked) {
  Start();
  RawClient client(port_);
  client.Send(Get("/a", "Connection: close\r\n") + Get("/b"));
  EXPECT_TRUE(client.Receive()->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 1);
}

TEST_F(AsyncEngineTest, SpreadsConnectionsOverThreads) {
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

TEST_F(AsyncEngineTest, UnknownLengthIsChunked) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask(Get("/chunks"));
  EXPECT_TRUE(answer->Has("Transfer-Encoding: chunked"));
  EXPECT_EQ(answer->body, "one 22222222222222222222 three");
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
  EXPECT_EQ(recorder_.Wait(1)[0].bytes, 30u);
}

TEST_F(AsyncEngineTest, UnknownLengthEndsAnHttp10Connection) {
  Start();
  RawClient client(port_);
  auto answer = client.Ask("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_EQ(answer->body, "one 22222222222222222222 three");
}

TEST_F(AsyncEngineTest, Trailers) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(Get("/trailers"));
  EXPECT_EQ(answer->body, "body");
  EXPECT_TRUE(answer->Has("X-Sum: 4\r\n"));
  EXPECT_EQ(client.Ask("GET /trailers HTTP/1.0\r\n\r\n")->body, "body");
}

TEST_F(AsyncEngineTest, NoBodyForHeadAnd204) {
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

TEST_F(AsyncEngineTest, NoAnswerIs500) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(Get("/none"));
  EXPECT_EQ(answer->status, 500);
  EXPECT_NE(answer->body.find("\"code\":13"), std::string::npos);
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, UnfinishedAnswersCloseTheConnection) {
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

TEST_F(AsyncEngineTest, LargeAnswerToASlowReader) {
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/big") + Get("/x"));
  EXPECT_EQ(client.Receive()->body.size(), size_t{8} << 20);
  EXPECT_EQ(client.Receive()->body, "GET /x");
}

// ---- Bodies ----

TEST_F(AsyncEngineTest, LargeBody) {
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

TEST_F(AsyncEngineTest, BodyAndAnswerAtTheSameTime) {
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

TEST_F(AsyncEngineTest, ContinueWhenTheBodyIsWanted) {
  Start();
  RawClient client(port_);
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.Receive()->status, 100);
  EXPECT_EQ(client.Ask("hello")->body, "hello");
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
}

TEST_F(AsyncEngineTest, NoContinueForABodyThatIsNotWanted) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answer->Has("Connection: close"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, NoContinueForABodyThatIsTooLarge) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n");
  EXPECT_EQ(answer->status, 413);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 0);
}

TEST_F(AsyncEngineTest, UnreadBodyThatIsHereDoesNotCloseTheConnection) {
  Start();
  RawClient client(port_);
  EXPECT_EQ(client.Ask(Post("/x", "not read"))->status, 200);
  EXPECT_EQ(client.Ask(Get("/y"))->body, "GET /y");
}

TEST_F(AsyncEngineTest, EarlyAnswerReachesAClientThatStillSends) {
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

TEST_F(AsyncEngineTest, BodyOverTheLimit) {
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

TEST_F(AsyncEngineTest, BadChunkReachesTheHandler) {
  Start();
  RawClient client(port_);
  const auto answer = client.Ask(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n");
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->body, "bad_framing");
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, InputThatWaitsIsBounded) {
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

TEST_F(AsyncEngineTest, RefusesAndCloses) {
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

TEST_F(AsyncEngineTest, AnswersWhatCameBeforeTheBadRequest) {
  Start();
  RawClient client(port_);
  client.Send(Get("/first") + "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" + Get("/third"));
  EXPECT_EQ(client.Receive()->body, "GET /first");
  EXPECT_EQ(client.Receive()->status, 400);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Count("handled"), 1);
}

TEST_F(AsyncEngineTest, ConnectionLimit) {
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

// ---- Deadlines ----

TEST_F(AsyncEngineTest, HeadDeadline) {
  options_.limits.head_deadline = milliseconds(20);
  Start();
  RawClient client(port_);
  const auto answer = client.Ask("GET /slow HTTP/1.1\r\nHo");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "head_timeout");
}

TEST_F(AsyncEngineTest, BodyDeadline) {
  options_.limits.body_deadline = milliseconds(20);
  Start();
  RawClient client(port_);
  const auto answer = client.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "body_timeout");
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "body_timeout");
}

TEST_F(AsyncEngineTest, IdleTimeout) {
  options_.limits.idle_timeout = milliseconds(20);
  Start();
  RawClient silent(port_);
  EXPECT_TRUE(silent.Closed());
  RawClient client(port_);
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, WriteDeadline) {
  options_.limits.write_deadline = milliseconds(20);
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/endless"));
  EXPECT_TRUE(events_.WaitFor("endless ended"));
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "write_timeout");
}

// ---- The client goes ----

TEST_F(AsyncEngineTest, HandlersHearThatThePeerIsGone) {
  Start();
  const std::vector<std::function<void(RawClient&)>> ways = {
      [](RawClient& client) { client.ShutdownSend(); },
      [](RawClient& client) { client.Close(); },
      [](RawClient& client) { client.Reset(); },
      [](RawClient& client) {
        client.Send(Get("/pipelined"));
        client.Close();
      },
  };
  int count = 0;
  for (const auto& go : ways) {
    SCOPED_TRACE(count);
    RawClient client(port_);
    client.Send(Get("/wait"));
    ++count;
    ASSERT_TRUE(events_.WaitFor("waiting", count));
    go(client);
    ASSERT_TRUE(events_.WaitFor("ended", count));
    const auto records = recorder_.Wait(count);
    EXPECT_EQ(records.back().status, 0);
    EXPECT_EQ(records.back().reason, "peer_gone");
  }
  EXPECT_EQ(events_.Count("handled"), count) << "the pipelined request must not be served";
}

TEST_F(AsyncEngineTest, PeerGoneInTheMiddleOfTheBody) {
  Start();
  RawClient client(port_);
  client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(events_.WaitFor("reading", 2));
  client.ShutdownSend();
  EXPECT_TRUE(events_.WaitFor("peer_gone"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, PeerGoneWhileItTakesNoMore) {
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/endless"));
  std::string some;
  ASSERT_TRUE(client.ReadBytes(100000, &some));
  client.Reset();
  EXPECT_TRUE(events_.WaitFor("endless ended"));
}

TEST_F(AsyncEngineTest, UnfinishedHeadIsNoRequest) {
  Start();
  {
    RawClient client(port_);
    client.Send("GET / HTTP/1.1\r\n");
    client.ShutdownSend();
    EXPECT_TRUE(client.Closed());
  }
  ASSERT_TRUE(recorder_.events().WaitFor("closed"));
  EXPECT_EQ(recorder_.events().Count("record"), 0);
}

// ---- Many ----

TEST_F(AsyncEngineTest, TwoThousandIdleConnections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 4200) GTEST_SKIP() << "needs 4,200 file descriptors";
  options_.threads = 2;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2000; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    ASSERT_TRUE(clients.back()->connected());
  }
  for (int round = 0; round < 2; ++round) {
    for (auto& client : clients) ASSERT_EQ(client->Ask(Get("/x"))->status, 200);
  }
  EXPECT_EQ(recorder_.events().Count("opened"), 2000);
}

TEST_F(AsyncEngineTest, GoesOnAcceptingWhenDescriptorsAreShort) {
  Start();
  std::vector<RawClient> clients;
  clients.reserve(2);
  clients.emplace_back(port_);
  ASSERT_EQ(clients[0].Ask(Get("/x"))->status, 200);
  // The next client has its descriptor before there are none left, so that accept fails and not it.
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd spare(::socket(AF_INET, SOCK_STREAM, 0));
  const UniqueFd lowest(::dup(spare.get()));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest.get()) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(spare.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  // Other connections are served meanwhile.
  for (int i = 0; i < 10; ++i) ASSERT_EQ(clients[0].Ask(Get("/later"))->status, 200);
  EXPECT_EQ(recorder_.events().Count("opened"), 1);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  const std::string request = Get("/x", "Connection: close\r\n");
  ASSERT_GT(::send(spare.get(), request.data(), request.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(recorder_.events().WaitFor("opened", 2));
  char bytes[64];
  EXPECT_GT(::recv(spare.get(), bytes, sizeof bytes, 0), 0);
}

// ---- Start and end ----

TEST_F(AsyncEngineTest, TakenPortIsNamed) {
  Start();
  EngineOptions options;
  options.listen = {"127.0.0.1:0", "127.0.0.1:" + std::to_string(port_)};
  auto second = MakeAsyncEngine(
      options, [this](rpc::IoExecutor&) { return std::make_unique<TestHandler>(events_); },
      recorder_);
  const absl::Status started = second->Start();
  EXPECT_FALSE(started.ok());
  EXPECT_NE(std::string(started.message()).find(options.listen[1]), std::string::npos) << started;
}

TEST_F(AsyncEngineTest, DrainEndsIdleConnections) {
  Start();
  RawClient silent(port_);
  RawClient used(port_);
  EXPECT_EQ(used.Ask(Get("/x"))->status, 200);
  ASSERT_TRUE(recorder_.events().WaitFor("opened", 2));
  engine_->Drain(seconds(10));
  EXPECT_TRUE(silent.Closed());
  EXPECT_TRUE(used.Closed());
  EXPECT_FALSE(RawClient(port_).connected());
}

TEST_F(AsyncEngineTest, DrainFinishesWhatIsInFlight) {
  Start();
  RawClient client(port_);
  client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(events_.WaitFor("reading", 2));
  std::thread drain([&] { engine_->Drain(seconds(10)); });
  // The listener is closed before anything else.
  while (RawClient(port_).connected()) std::this_thread::yield();
  const auto answer = client.Ask("lo");
  drain.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineTest, DrainCutsWhatDoesNotEnd) {
  Start();
  RawClient client(port_);
  client.Send(Get("/wait"));
  ASSERT_TRUE(events_.WaitFor("waiting"));
  engine_->Drain(milliseconds(20));
  EXPECT_EQ(events_.Count("ended"), 1);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "shutting_down");
}

TEST_F(AsyncEngineTest, DestructionEndsWhatIsInFlight) {
  options_.threads = 2;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(Get(i % 2 == 0 ? "/wait" : "/endless"));
  }
  ASSERT_TRUE(events_.WaitFor("handled", 8));
  engine_.reset();
  EXPECT_EQ(events_.Count("ended"), 4);
  EXPECT_EQ(events_.Count("endless ended"), 4);
}

TEST_F(AsyncEngineTest, DrainUnderLoadLosesNoRequest) {
  options_.threads = 2;
  for (int round = 0; round < 5; ++round) {
    Start();
    std::atomic<int> lost = 0;
    std::vector<std::thread> threads;
    Events progress;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        RawClient client(port_);
        for (;;) {
          const auto answer = client.Ask(Get(i % 2 == 0 ? "/x" : "/later"));
          if (!answer) ++lost;
          if (!answer || answer->Has("Connection: close")) return;
          progress.Add("answer");
        }
      });
    }
    ASSERT_TRUE(progress.WaitFor("answer", 200));
    engine_->Drain(seconds(10));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(lost, 0);
  }
}

}  // namespace
}  // namespace slipway::gateway
