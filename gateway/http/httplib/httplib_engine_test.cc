#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/http/async/raw_client_for_test.h"
#include "gateway/http/engine.h"
#include "gateway/http/recorder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace slipway::gateway {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// How often threads of this process have gone to sleep.
int64_t VoluntarySwitches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

/// Keeps what was recorded; waits on events.
class Events final : public Recorder {
 public:
  struct Entry {
    std::string target;
    std::string route;
    std::string reason;
    int status;
    uint64_t bytes;
  };
  void Record(const ExchangeRecord& record) override {
    const std::lock_guard lock(mutex_);
    entries_.push_back({std::string(record.target), std::string(record.route),
                        std::string(record.reason), record.status, record.bytes});
    changed_.notify_all();
  }
  void ConnectionOpened() override { ++open; }
  void ConnectionClosed() override { --open; }

  std::vector<Entry> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10),
                                  [&] { return entries_.size() >= count; }));
    return entries_;
  }
  std::atomic<int> open{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
};

/// Answers by path.
class Handler final : public ExchangeHandler {
 public:
  explicit Handler(std::promise<void>* waiting) : waiting_(waiting) {}

  rpc::Task<void> Handle(Exchange& exchange) override {
    const std::string path(exchange.head().path());
    exchange.set_route("/route");
    if (path == "/stream") return Stream(&exchange);
    if (path == "/endless") return Endless(&exchange);
    if (path == "/wait") return Wait(&exchange, waiting_);
    if (path == "/sleep") return Sleep(&exchange);
    if (path == "/ignore") return Answer(&exchange, "ignored");
    return Echo(&exchange);
  }

 private:
  // g++ 12 does not compile nested initialiser lists in coroutines.
  static ResponseHead Head(std::optional<uint64_t> length) {
    return {200, {{"Content-Type", "application/json"}}, length};
  }
  static rpc::Task<void> Answer(Exchange* exchange, std::string body) {
    exchange->SendHead(Head(body.size()));
    co_await exchange->SendBody(body, true);
  }
  static rpc::Task<void> Echo(Exchange* exchange) {
    std::string body = exchange->head().method + " " + exchange->head().target + " ";
    for (;;) {
      absl::StatusOr<std::optional<std::string>> piece = co_await exchange->ReadBody();
      if (!piece.ok()) body += std::string(piece.status().message());
      if (!piece.ok() || !*piece) break;
      body += **piece;
    }
    for (const Header& header : exchange->head().headers) {
      body += " " + header.name + "=" + header.value;
    }
    co_await Answer(exchange, body);
  }
  static rpc::Task<void> Stream(Exchange* exchange) {
    exchange->SendHead(Head(std::nullopt));
    co_await exchange->SendBody("one\n", false);
    co_await exchange->SendBody("two\n", false);
    co_await exchange->SendBody("three\n", false);
    std::vector<Header> trailers;
    trailers.push_back({"Grpc-Trailer-X", "1"});
    co_await exchange->SendTrailers(std::move(trailers));
  }
  static rpc::Task<void> Endless(Exchange* exchange) {
    exchange->SendHead(Head(std::nullopt));
    co_await exchange->SendBody("first", false);
    rpc::WaitSlot gone;
    exchange->OnPeerGone([&gone] { gone.Wake(); });
    co_await gone.Wait();
    exchange->OnPeerGone(nullptr);
  }
  static rpc::Task<void> Wait(Exchange* exchange, std::promise<void>* waiting) {
    waiting->set_value();
    rpc::WaitSlot gone;
    exchange->OnPeerGone([&gone] { gone.Wake(); });
    co_await gone.Wait();
    exchange->OnPeerGone(nullptr);
    co_await Answer(exchange, "cut short");
  }
  /// Woken by its timer, then by another thread.
  static rpc::Task<void> Sleep(Exchange* exchange) {
    rpc::WaitSlot slot;
    rpc::Timer timer(exchange->executor());
    timer.Start(exchange->executor().Now() + std::chrono::milliseconds(5),
                [&slot] { slot.Wake(); });
    co_await slot.Wait();
    std::thread other([&slot, exchange] { exchange->executor().Post([&slot] { slot.Wake(); }); });
    co_await slot.Wait();
    other.join();
    co_await Answer(exchange, "slept");
  }

  std::promise<void>* const waiting_;
};

enum class Loops { kSocket, kLocal };

/// Everything holds with both kinds of loops.
class HttplibEngine : public ::testing::TestWithParam<Loops> {
 protected:
  void Start(int workers = 2) {
    options_.listen = {"127.0.0.1:0"};
    options_.workers = workers;
    engine_ = Make(options_);
    const absl::Status started = engine_->Start();
    ASSERT_TRUE(started.ok()) << started;
    port_ = engine_->ports()[0];
  }
  std::unique_ptr<HttpEngine> Make(const EngineOptions& options) {
    const auto handler = [this](auto&) { return std::make_unique<Handler>(&waiting_); };
    return GetParam() == Loops::kSocket ? MakeHttplibEngine(options, handler, events_)
                                        : MakeLocalHttplibEngine(options, handler, events_);
  }
  RawAnswer Ask(const std::string& bytes) {
    RawClient client(port_);
    client.Send(bytes);
    const auto answer = client.Receive();
    return answer.value_or(RawAnswer{});
  }

  EngineOptions options_;
  Events events_;
  std::promise<void> waiting_;
  std::unique_ptr<HttpEngine> engine_;
  int port_ = 0;
};

std::string Get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
}
std::string Post(const std::string& target, const std::string& body) {
  return "POST " + target +
         " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

TEST_P(HttplibEngine, AnswersWithTheTargetAsSent) {
  Start();
  const RawAnswer answer = Ask(Get("/a%2Fb?x=%20y"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /a%2Fb?x=%20y  Host=x");
  EXPECT_TRUE(answer.Has("Content-Type: application/json"));
  EXPECT_THAT(answer.head, HasSubstr("Date: "));
  const auto entries = events_.Wait(1);
  EXPECT_EQ(entries[0].target, "/a%2Fb?x=%20y");
  EXPECT_EQ(entries[0].route, "/route");
  EXPECT_EQ(entries[0].bytes, answer.body.size());
}

TEST_P(HttplibEngine, BodiesByLengthAndInChunks) {
  Start();
  EXPECT_THAT(Ask(Post("/echo", "hello")).body, HasSubstr("POST /echo hello"));
  EXPECT_THAT(Ask("PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                  .body,
              HasSubstr("PUT /echo abcde"));
}

TEST_P(HttplibEngine, PostWithoutALengthHasNoBody) {
  // The library waits that long for a body before the answer leaves; the client must not give up
  // first.
  options_.limits.head_deadline = std::chrono::milliseconds(300);
  Start();
  EXPECT_THAT(Ask("POST /echo HTTP/1.1\r\nHost: x\r\n\r\n").body, HasSubstr("POST /echo "));
}

TEST_P(HttplibEngine, NeitherCompressesNorSlices) {
  Start();
  const RawAnswer answer = Ask(Get("/echo", "Accept-Encoding: gzip\r\nRange: bytes=0-3\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /echo  Host=x");
}

TEST_P(HttplibEngine, Streams) {
  Start();
  const RawAnswer answer = Ask(Get("/stream"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "one\ntwo\nthree\n");
  EXPECT_EQ(events_.Wait(1)[0].bytes, answer.body.size());
}

TEST_P(HttplibEngine, KeepsConnectionsOpen) {
  Start(1);
  RawClient client(port_);
  for (int i = 0; i < 20; ++i) {
    client.Send(Get("/again"));
    ASSERT_EQ(client.Receive().value_or(RawAnswer{}).status, 200) << i;
  }
  EXPECT_EQ(events_.open, 1);
}

// The library's own wait would look at each of them 90 times a second.
TEST_P(HttplibEngine, IdleConnectionsCostNoTime) {
  constexpr int kConnections = 100;
  Start(kConnections);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(Get("/x"));
    ASSERT_EQ(clients.back()->Receive().value_or(RawAnswer{}).status, 200);
  }
  events_.Wait(kConnections);
  const int64_t before = VoluntarySwitches();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(VoluntarySwitches() - before, 5 * kConnections);
}

TEST_P(HttplibEngine, UnreadBodyEndsTheConnection) {
  Start();
  RawClient client(port_);
  client.Send(Post("/ignore", "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(client.Receive().value_or(RawAnswer{}).body, "ignored");
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(events_.Wait(1).size(), 1u);
}

TEST_P(HttplibEngine, RefusesAndCloses) {
  options_.limits.max_body_bytes = 10;
  options_.limits.max_headers = 5;
  Start();
  struct Case {
    std::string request;
    int status;
    const char* reason;
  };
  const std::string many = "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n";
  const Case cases[] = {
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
       "bad_framing"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
       400, "bad_framing"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400,
       "bad_framing"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde", 400, "bad_framing"},
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde", 400, "bad_framing"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_host"},
      {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request_line"},
      {Post("/", "more than ten"), 413, "body_too_large"},
      {Get("/", many), 431, "head_too_large"},
      {Get("/", "Expect: miracles\r\n"), 417, "expectation_failed"},
  };
  size_t count = 0;
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.request);
    RawClient client(port_);
    client.Send(bad.request);
    const RawAnswer answer = client.Receive().value_or(RawAnswer{});
    EXPECT_EQ(answer.status, bad.status);
    EXPECT_THAT(answer.body, HasSubstr("\"details\":[]"));
    EXPECT_TRUE(client.Closed());
    EXPECT_EQ(events_.Wait(++count).back().reason, bad.reason);
  }
}

TEST_P(HttplibEngine, ChunkedBodyOverTheLimit) {
  options_.limits.max_body_bytes = 4;
  Start();
  const RawAnswer answer =
      Ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_THAT(answer.body, HasSubstr("--max-body-bytes"));
}

TEST_P(HttplibEngine, StreamHearsThatThePeerIsGone) {
  Start();
  {
    RawClient client(port_);
    client.Send(Get("/endless"));
    std::string first;
    EXPECT_TRUE(client.ReadUntil("first", &first));
  }
  EXPECT_EQ(events_.Wait(1)[0].target, "/endless");  // the handler has come to its end
}

TEST_P(HttplibEngine, TakenPortIsNamed) {
  Start();
  EngineOptions second = options_;
  second.listen = {"127.0.0.1:" + std::to_string(port_)};
  auto engine = Make(second);
  const absl::Status started = engine->Start();
  EXPECT_THAT(std::string(started.message()), HasSubstr(second.listen[0]));
}

TEST_P(HttplibEngine, SeveralAddressesShareThePool) {
  options_.listen = {"127.0.0.1:0", "127.0.0.1:0"};
  engine_ = Make(options_);
  ASSERT_TRUE(engine_->Start().ok());
  for (const int port : engine_->ports()) {
    port_ = port;
    EXPECT_EQ(Ask(Get("/x")).status, 200);
  }
}

TEST_P(HttplibEngine, DrainClosesIdleConnections) {
  Start();
  RawClient idle(port_);
  idle.Send(Get("/x"));
  EXPECT_EQ(idle.Receive().value_or(RawAnswer{}).status, 200);
  engine_->Drain(std::chrono::seconds(60));  // does not wait for what is idle
  EXPECT_TRUE(idle.Closed());
  EXPECT_FALSE(RawClient(port_).connected());
  EXPECT_EQ(events_.open, 0);
}

TEST_P(HttplibEngine, DrainCancelsAfterItsGrace) {
  Start();
  RawClient client(port_);
  client.Send(Get("/wait"));
  waiting_.get_future().wait();
  engine_->Drain(std::chrono::milliseconds(10));
  EXPECT_EQ(events_.Wait(1)[0].target, "/wait");
}

TEST_P(HttplibEngine, TimersAndOtherThreadsWakeACall) {
  Start(1);
  RawClient client(port_);
  for (int i = 0; i < 3; ++i) {
    client.Send(Get("/sleep"));
    EXPECT_EQ(client.Receive().value_or(RawAnswer{}).body, "slept") << i;
  }
}

TEST_P(HttplibEngine, WorkersWithoutSocketsHoldNoDescriptors) {
  constexpr size_t kWorkers = 20;
  const size_t each = GetParam() == Loops::kLocal ? 0 : 4;  // as the check at the start counts
  const size_t before = OpenDescriptors();
  Start(kWorkers);
  EXPECT_LE(OpenDescriptors(), before + 1 + each * kWorkers);  // 1: the one that listens
}

TEST_P(HttplibEngine, MoreWorkersThanDescriptorsAreRefused) {
  options_.listen = {"127.0.0.1:0"};
  options_.workers = 2'000'000'000;  // no system allows so many open files
  engine_ = Make(options_);
  const absl::Status started = engine_->Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(started.message()),
              AllOf(HasSubstr("--workers 2000000000 needs about "), HasSubstr("(ulimit -n)")));
}

INSTANTIATE_TEST_SUITE_P(Loops, HttplibEngine, ::testing::Values(Loops::kSocket, Loops::kLocal),
                         [](const auto& info) {
                           return info.param == Loops::kSocket ? "Socket" : "Local";
                         });

}  // namespace
}  // namespace slipway::gateway
