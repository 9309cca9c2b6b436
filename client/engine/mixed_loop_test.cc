// Requests of both kinds of engines on one thread, and each executor's own work.
#include "client/engine/mixed_loop.h"

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "client/engine/engine_spec.h"
#include "client/testing/scripted_server.h"
#include "wire/testing/dispatcher_server.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

rpc::Task<rpc::Status> AnswerCall(rpc::ServerStream& stream) {
  co_await stream.Read();
  co_await stream.Write("answer");
  co_return rpc::Status();
}

std::shared_ptr<const rpc::Dispatcher> MakeDispatcher() {
  rpc::Dispatcher::Builder builder;
  rpc::Method method;
  method.path = "/test.S/M";
  method.handler = [](rpc::CallContext&, rpc::ServerStream& stream) { return AnswerCall(stream); };
  builder.Add(std::move(method));
  return std::move(builder).Build();
}

/// An HTTP/1.1 and a gRPC engine on the same loop; each repeats its request.
class Both : public Engine::Listener {
 public:
  Both(const std::vector<EngineSpec>& specs, int count) : loop_(MakeLoop(specs)), left_(count) {
    for (size_t i = 0; i < specs.size(); ++i) {
      engines_[i] = MakeEngine(*loop_, specs[i], {.slots = 1, .connections = 1});
      engines_[i]->Listen(this);
    }
  }
  ~Both() override {
    bool done = false;
    rpc::Spawn(End(done));
    loop_->RunUntil(done);
  }
  /// Both requests in turn, `count` in all.
  void Run() {
    rpc::Spawn(Begin());
    loop_->RunUntil(done_);
  }
  int ok() const { return ok_; }

 private:
  rpc::Task<void> Begin() {
    for (const auto& engine : engines_) {
      rpc::Task<absl::Status> connect =
          engine->Connect(rpc::Clock::now() + std::chrono::seconds(20));
      const absl::Status status = co_await std::move(connect);
      EXPECT_TRUE(status.ok()) << status;
    }
    encoded_[0] = *engines_[0]->Encode({.method = "GET", .path = "/"});
    encoded_[1] = *engines_[1]->Encode({.path = "/test.S/M", .messages = {""}});
    IssueNext();
  }
  rpc::Task<void> End(bool& done) {
    for (const auto& engine : engines_) {
      rpc::Task<void> shutdown = engine->Shutdown();
      co_await std::move(shutdown);
    }
    done = true;
  }
  void IssueNext() {
    const size_t which = static_cast<size_t>(left_) % 2;
    engines_[which]->Issue(0, *encoded_[which], rpc::Clock::now());
  }
  void Done(uint32_t, const Outcome& outcome, rpc::Time) override {
    ok_ += outcome.ok ? 1 : 0;
    if (--left_ == 0) {
      done_ = true;
    } else {
      IssueNext();
    }
  }

  std::unique_ptr<Loop> loop_;
  std::array<std::unique_ptr<Engine>, 2> engines_;
  std::array<std::unique_ptr<const Engine::Encoded>, 2> encoded_;
  int left_;
  int ok_ = 0;
  bool done_ = false;
};

EngineSpec SpecOf(EngineKind kind, uint16_t port) {
  EngineSpec spec;
  spec.kind = kind;
  spec.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), port);
  spec.authority = ToString(spec.endpoint);
  return spec;
}

TEST(MixedLoop, BothEnginesTakeTurns) {
  testing::ScriptedServer http([](testing::ScriptedServer::Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Answer(200, "answer");
  });
  wire::testing::DispatcherServer grpc(MakeDispatcher());
  Both both(
      {SpecOf(EngineKind::kHttp1, http.port()), SpecOf(EngineKind::kGrpc, grpc.http2().port())},
      200);
  both.Run();
  EXPECT_EQ(both.ok(), 200);
}

TEST(MixedLoop, TimersOfTheInnerExecutorComeInTheirOrder) {
  MixedLoop loop;
  std::vector<int> order;
  bool done = false;
  rpc::Timer late(*loop.epoll()), early(*loop.epoll()), outer(loop.executor());
  const rpc::Time now = rpc::Clock::now();
  late.Start(now + milliseconds(30), [&] {
    order.push_back(3);
    done = true;
  });
  early.Start(now + milliseconds(10), [&] { order.push_back(1); });
  outer.Start(now + milliseconds(20), [&] { order.push_back(2); });
  loop.RunUntil(done);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(MixedLoop, WorkIsPostedFromWithinAndFromOtherThreads) {
  MixedLoop loop;
  bool done = false;
  std::thread other;
  loop.epoll()->Post(
      [&] { other = std::thread([&] { loop.epoll()->Post([&] { done = true; }); }); });
  loop.RunUntil(done);
  other.join();
}

}  // namespace
}  // namespace slipway::client
