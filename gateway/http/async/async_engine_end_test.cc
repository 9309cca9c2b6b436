#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/http/async/async_engine_fixture_for_test.h"

namespace slipway::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using AsyncEngineEndTest = AsyncEngineTest;

// ---- Deadlines ----

TEST_F(AsyncEngineEndTest, HeadDeadline) {
  options_.limits.head_deadline = milliseconds(20);
  Start();
  RawClient client(port_);
  const auto answer = client.Ask("GET /slow HTTP/1.1\r\nHo");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "head_timeout");
}

TEST_F(AsyncEngineEndTest, BodyDeadline) {
  options_.limits.body_deadline = milliseconds(20);
  Start();
  RawClient client(port_);
  const auto answer = client.Ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "body_timeout");
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "body_timeout");
}

TEST_F(AsyncEngineEndTest, IdleTimeout) {
  options_.limits.idle_timeout = milliseconds(20);
  Start();
  RawClient silent(port_);
  EXPECT_TRUE(silent.Closed());
  RawClient client(port_);
  EXPECT_EQ(client.Ask(Get("/x"))->status, 200);
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineEndTest, WriteDeadline) {
  options_.limits.write_deadline = milliseconds(20);
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/endless"));
  EXPECT_TRUE(events_.WaitFor("endless ended"));
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "write_timeout");
}

// ---- The client goes ----

TEST_F(AsyncEngineEndTest, HandlersHearThatThePeerIsGone) {
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

TEST_F(AsyncEngineEndTest, PeerGoneInTheMiddleOfTheBody) {
  Start();
  RawClient client(port_);
  client.Send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
  ASSERT_TRUE(events_.WaitFor("reading", 2));
  client.ShutdownSend();
  EXPECT_TRUE(events_.WaitFor("peer_gone"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(AsyncEngineEndTest, PeerGoneWhileItTakesNoMore) {
  Start();
  RawClient client(port_, 4096);
  client.Send(Get("/endless"));
  std::string some;
  ASSERT_TRUE(client.ReadBytes(100000, &some));
  client.Reset();
  EXPECT_TRUE(events_.WaitFor("endless ended"));
}

TEST_F(AsyncEngineEndTest, UnfinishedHeadIsNoRequest) {
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

TEST_F(AsyncEngineEndTest, TwoThousandIdleConnections) {
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

TEST_F(AsyncEngineEndTest, GoesOnAcceptingWhenDescriptorsAreShort) {
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

TEST_F(AsyncEngineEndTest, TakenPortIsNamed) {
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

TEST_F(AsyncEngineEndTest, DrainEndsIdleConnections) {
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

TEST_F(AsyncEngineEndTest, DrainFinishesWhatIsInFlight) {
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

TEST_F(AsyncEngineEndTest, DrainCutsWhatDoesNotEnd) {
  Start();
  RawClient client(port_);
  client.Send(Get("/wait"));
  ASSERT_TRUE(events_.WaitFor("waiting"));
  engine_->Drain(milliseconds(20));
  EXPECT_EQ(events_.Count("ended"), 1);
  EXPECT_TRUE(client.Closed());
  EXPECT_EQ(recorder_.Wait(1)[0].reason, "shutting_down");
}

TEST_F(AsyncEngineEndTest, DestructionEndsWhatIsInFlight) {
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

TEST_F(AsyncEngineEndTest, DrainUnderLoadLosesNoRequest) {
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
          progress.Add(std::to_string(i));
        }
      });
    }
    // All are served before the end begins: one that connects after it is refused, rightly.
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(progress.WaitFor(std::to_string(i), 10));
    engine_->Drain(seconds(10));
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(lost, 0);
  }
}

}  // namespace
}  // namespace slipway::gateway
