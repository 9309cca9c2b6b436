// Whether what is reported of streams is true: messages, and waits for room.
#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include "client/truth/known_trial.h"

namespace slipway::client::testing {
namespace {

using std::chrono::milliseconds;

// Each message once. From the start over all messages to the last one is a part of the whole call,
// and the server's clock bounds it from below: 10 ms to the first one, 19 times 3 ms after it.
TEST(TruthOfStreams, MessagesTileTheStream) {
  constexpr int kMessages = 20;
  constexpr double kShortest = 10e6 + (kMessages - 1) * 3e6;
  KnownServer server(
      KnownProtocol::kGrpc,
      {.delay = milliseconds(10), .messages = kMessages, .message_gap = milliseconds(3)});
  const TrialResult result =
      MustRun(PlanOf(server, KnownProtocol::kGrpc, ClosedLoad(5, 40), CallShape::kServerStream));
  const Histogram& messages = result.tally.Of(Series::kMessage);
  const Histogram& ok = result.tally.ok_latency();
  ASSERT_EQ(ok.count(), 40);
  EXPECT_EQ(messages.count(), 40 * kMessages);
  EXPECT_GE(static_cast<double>(ok.min()), kShortest);
  EXPECT_GE(SumOf(messages), 40 * kShortest);
  EXPECT_LE(SumOf(messages), SumOf(ok));
  // The trailers come with the last message: what is beyond it is a small part.
  EXPECT_GE(SumOf(messages), 0.9 * SumOf(ok));
  EXPECT_LE(messages.max(), ok.max());
  // The first of each stream has waited for the delay.
  EXPECT_GE(CountFrom(messages, milliseconds(10)), 40);
  EXPECT_EQ(result.tally.bytes_received(), 40u * kMessages * 5) << "`known`";
}

TEST(TruthOfStreams, MessagesOfFailedStreamsAreCounted) {
  KnownServer server(KnownProtocol::kGrpc, {.error_every = 4, .messages = 3});
  const TrialResult result =
      MustRun(PlanOf(server, KnownProtocol::kGrpc, ClosedLoad(4, 100), CallShape::kServerStream));
  EXPECT_EQ(result.tally.ok(), 75);
  EXPECT_EQ(result.tally.grpc_count(5), 25);
  EXPECT_EQ(result.tally.Of(Series::kMessage).count(), 300);
}

TEST(TruthOfStreams, UnaryCallsHaveNoMessages) {
  KnownServer server(KnownProtocol::kGrpc);
  const TrialResult result = MustRun(PlanOf(server, KnownProtocol::kGrpc, ClosedLoad(4, 100)));
  EXPECT_EQ(result.tally.ok(), 100);
  EXPECT_EQ(result.tally.Of(Series::kMessage).count(), 0);
}

class TruthOfStreamLimit : public ::testing::TestWithParam<KnownProtocol> {};

INSTANTIATE_TEST_SUITE_P(All, TruthOfStreamLimit,
                         ::testing::Values(KnownProtocol::kHttp2, KnownProtocol::kGrpc),
                         ProtocolName);

// Ten are let out at once and wait for nothing; every other request finds forty before it.
TEST_P(TruthOfStreamLimit, WaitsAreCountedAndPartOfTheLatency) {
  KnownServer server(GetParam(), {.delay = milliseconds(5), .max_streams = 10});
  LoadShape load = ClosedLoad(50, 500);
  load.threads = 1;
  const TrialResult result = MustRun(PlanOf(server, GetParam(), load));
  ASSERT_EQ(result.tally.ok(), 500);
  EXPECT_EQ(server.counts().received, 500);
  EXPECT_EQ(server.counts().most_at_once, 10);
  const Histogram& waits = result.tally.Of(Series::kStreamWait);
  EXPECT_EQ(waits.count(), 490);
  // Of the forty before it, ten leave soon at best; the other thirty keep the server, which takes
  // ten at a time, for three delays at least.
  EXPECT_GE(waits.ValueAt(50), 15'000'000);
  EXPECT_GE(result.tally.ok_latency().min(), 5'000'000);
  EXPECT_GE(result.tally.ok_latency().ValueAt(50), 20'000'000);
  // What is left of the latency is the server's part.
  EXPECT_GE(SumOf(result.tally.ok_latency()) - SumOf(waits), SumOf(server.times()));
}

TEST_P(TruthOfStreamLimit, NobodyWaitsBelowIt) {
  KnownServer server(GetParam(), {.delay = milliseconds(1), .max_streams = 10});
  LoadShape load = ClosedLoad(10, 300);
  load.threads = 1;
  const TrialResult result = MustRun(PlanOf(server, GetParam(), load));
  EXPECT_EQ(result.tally.ok(), 300);
  EXPECT_EQ(result.tally.Of(Series::kStreamWait).count(), 0);
}

}  // namespace
}  // namespace slipway::client::testing
