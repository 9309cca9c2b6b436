#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/reason.h"
#include "gateway/http/async/raw_client_for_test.h"
#include "gateway/http/engine.h"
#include "gateway/http/recorder.h"

namespace slipway::gateway {
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
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return counts_[name] >= count; });
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
    co_await Sleep{rpc::Timer(exchange.executor()),
                   exchange.executor().Now() + std::chrono::milliseconds(1)};
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

inline std::string Get(std::string_view target, std::string_view lines = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

inline std::string Post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

/// An engine with TestHandler on a free port.
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

}  // namespace slipway::gateway
