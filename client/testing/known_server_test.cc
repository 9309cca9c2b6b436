#include "client/testing/known_server.h"

#include <chrono>
#include <string>
#include <thread>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/ip/address_v4.hpp>

#include <gtest/gtest.h>

#include "client/engine/engine_spec.h"
#include "client/run/plan.h"
#include "client/run/trial.h"
#include "client/run/workload.h"

namespace slipway::client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A closed loop of `requests` over `concurrency` slots.
Plan PlanFor(const KnownServer& server, KnownProtocol protocol, int64_t requests,
             uint32_t concurrency) {
  EngineSpec engine;
  engine.kind = protocol == KnownProtocol::kHttp1   ? EngineKind::kHttp1
                : protocol == KnownProtocol::kHttp2 ? EngineKind::kHttp2
                                                    : EngineKind::kGrpc;
  engine.endpoint = Endpoint(boost::asio::ip::address_v4::loopback(), server.port());
  engine.authority = ToString(engine.endpoint);
  engine.timeout = seconds(60);
  Request request;
  request.path = "/known.v1.Known/Call";
  request.messages = {"hello"};
  if (protocol != KnownProtocol::kGrpc) request.method = "POST";
  Plan plan;
  plan.engines = {engine};
  plan.workload = MakeFixedWorkload(std::move(request));
  plan.load.requests = requests;
  plan.load.concurrency = concurrency;
  plan.load.connections = protocol == KnownProtocol::kHttp1 ? concurrency : 1;
  plan.load.timeout = plan.load.drain = engine.timeout;
  return plan;
}

class KnownServerTest : public ::testing::TestWithParam<KnownProtocol> {
 protected:
  Tally Run(KnownServer& server, int64_t requests, uint32_t concurrency = 4) {
    const auto result = RunTrial(PlanFor(server, GetParam(), requests, concurrency), {});
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? result->tally : Tally();
  }
};

INSTANTIATE_TEST_SUITE_P(All, KnownServerTest,
                         ::testing::Values(KnownProtocol::kHttp1, KnownProtocol::kHttp2,
                                           KnownProtocol::kGrpc),
                         [](const auto& info) {
                           return info.param == KnownProtocol::kHttp1   ? "Http1"
                                  : info.param == KnownProtocol::kHttp2 ? "Http2"
                                                                        : "Grpc";
                         });

TEST_P(KnownServerTest, AnswersAndCountsAll) {
  KnownServer server(GetParam());
  const Tally tally = Run(server, 500);
  EXPECT_EQ(tally.ok(), 500);
  const KnownCounts counts = server.counts();
  EXPECT_EQ(counts.received, 500);
  EXPECT_EQ(counts.ok, 500);
  EXPECT_EQ(counts.connections, GetParam() == KnownProtocol::kHttp1 ? 4 : 1);
}

TEST_P(KnownServerTest, TheDelayIsALowerBound) {
  KnownServer server(GetParam(), {.delay = milliseconds(20)});
  const Tally tally = Run(server, 20);
  EXPECT_EQ(tally.ok(), 20);
  EXPECT_GE(tally.ok_latency().min(), 20'000'000);
}

TEST_P(KnownServerTest, EveryNthIsAnError) {
  KnownServer server(GetParam(), {.error_every = 5});
  const Tally tally = Run(server, 100);
  EXPECT_EQ(tally.ok(), 80);
  EXPECT_EQ(tally.failed(), 20);
  EXPECT_EQ(GetParam() == KnownProtocol::kGrpc ? tally.grpc_count(5) : tally.http_count(500), 20);
  EXPECT_EQ(server.counts().errors, 20);
}

TEST_P(KnownServerTest, EveryNthIsReset) {
  KnownServer server(GetParam(), {.reset_every = 10});
  const Tally tally = Run(server, 100, 1);
  EXPECT_EQ(tally.ok(), 90);
  EXPECT_EQ(tally.failed(), 10);
  EXPECT_EQ(server.counts().resets, 10);
}

TEST_P(KnownServerTest, EveryNthIsClosedEarly) {
  KnownServer server(GetParam(), {.close_every = 10});
  const Tally tally = Run(server, 100, 1);
  EXPECT_EQ(tally.ok(), 90);
  EXPECT_EQ(tally.failed(), 10);
  const KnownCounts counts = server.counts();
  EXPECT_EQ(counts.closes, 10);
  EXPECT_EQ(counts.received, 100);
  EXPECT_GT(counts.connections, 9);
}

TEST_P(KnownServerTest, OneQueueServesInTurn) {
  KnownServer server(GetParam(), {.mean_service = milliseconds(2), .seed = 7});
  const auto begin = std::chrono::steady_clock::now();
  const Tally tally = Run(server, 100, 10);
  EXPECT_EQ(tally.ok(), 100);
  // The sum of 100 service times; below half of its mean with a probability of 10⁻¹⁰.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(100));
}

TEST_P(KnownServerTest, APeriodicStallDelaysAndLosesNothing) {
  KnownServer server(GetParam(),
                     {.stall_every = milliseconds(100), .stall_length = milliseconds(60)});
  const Tally tally = Run(server, 2000);
  EXPECT_EQ(tally.ok(), 2000);
  EXPECT_EQ(server.counts().ok, 2000);
}

TEST_P(KnownServerTest, AStalledServerAnswersWhenItResumes) {
  KnownServer server(GetParam());
  server.Stall();
  std::thread run([&] { EXPECT_EQ(Run(server, 8).ok(), 8); });
  while (server.counts().received < 4) std::this_thread::yield();
  EXPECT_EQ(server.counts().ok, 0);
  server.Resume();
  run.join();
  EXPECT_EQ(server.counts().ok, 8);
}

TEST_P(KnownServerTest, WhoHasGoneIsCounted) {
  KnownServer server(GetParam());
  server.Stall();
  Plan plan = PlanFor(server, GetParam(), 4, 4);
  plan.engines[0].timeout = milliseconds(50);
  const auto result = RunTrial(plan, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tally.failed(), 4);
  server.Resume();
  EXPECT_EQ(server.counts().received, 4);
  // Its thread hears of a client that has gone when it comes to run.
  while (server.counts().abandoned < 4) std::this_thread::yield();
  EXPECT_EQ(server.counts().abandoned, 4);
}

}  // namespace
}  // namespace slipway::client::testing
