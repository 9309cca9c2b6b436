// Whether what is counted is what the server has done, one for one.
#include <cerrno>
#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include "client/truth/known_trial.h"

namespace slipway::client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kNotFound = 5;  // of gRPC
constexpr int kCancelled = 1;
constexpr int kUnavailable = 14;

class TruthOfTotals : public ::testing::TestWithParam<KnownProtocol> {
 protected:
  TrialResult Run(KnownServer& server, const LoadShape& load) {
    return MustRun(PlanOf(server, GetParam(), load));
  }
  bool grpc() const { return GetParam() == KnownProtocol::kGrpc; }
  int64_t Ok(const Tally& tally) const {
    return grpc() ? tally.grpc_count(0) : tally.http_count(200);
  }
  int64_t Errors(const Tally& tally) const {
    return grpc() ? tally.grpc_count(kNotFound) : tally.http_count(500);
  }
};

INSTANTIATE_TEST_SUITE_P(All, TruthOfTotals, AllProtocols(), ProtocolName);

int64_t BrokenOf(const Tally& tally) {
  int64_t count = 0;
  for (const Failure& failure : tally.failures()) {
    if (failure.kind == OutcomeKind::kBroken) count += failure.count;
  }
  return count;
}

// Exactly: each request has one answer, and both sides have counted it.
TEST_P(TruthOfTotals, SuccessesErrorsAndResetsAreTheServers) {
  KnownServer server(GetParam(), {.error_every = 7, .reset_every = 11});
  const TrialResult result = Run(server, ClosedLoad(16, 2000));
  const KnownCounts counts = server.counts();
  EXPECT_EQ(counts.received, 2000);
  EXPECT_EQ(result.tally.total(), 2000);
  EXPECT_EQ(result.tally.ok(), counts.ok);
  EXPECT_EQ(Ok(result.tally), counts.ok);
  EXPECT_EQ(Errors(result.tally), counts.errors);
  EXPECT_EQ(counts.errors, 2000 / 7);
  EXPECT_EQ(grpc() ? result.tally.grpc_count(kCancelled) : BrokenOf(result.tally), counts.resets);
  EXPECT_EQ(counts.resets, 2000 / 11 - 2000 / 77) << "what is both is an error";
  EXPECT_EQ(result.window.finished, 2000);
  EXPECT_EQ(result.window.ok, counts.ok);
  EXPECT_EQ(result.cut_off, 0);
}

// Exactly. One at a time, since over HTTP/2 others on the connection would break, too.
TEST_P(TruthOfTotals, EarlyClosesAreTheServers) {
  KnownServer server(GetParam(), {.error_every = 10, .close_every = 13});
  const TrialResult result = Run(server, ClosedLoad(1, 120));
  const KnownCounts counts = server.counts();
  EXPECT_EQ(counts.received, 120);
  EXPECT_EQ(counts.closes, 120 / 13);
  EXPECT_EQ(result.tally.total(), 120);
  EXPECT_EQ(Ok(result.tally), counts.ok);
  EXPECT_EQ(Errors(result.tally), counts.errors);
  EXPECT_EQ(grpc() ? result.tally.grpc_count(kUnavailable) : BrokenOf(result.tally), counts.closes);
  EXPECT_EQ(result.tally.failed(), counts.errors + counts.closes);
  // The one of the beginning, and another after each; the last request was no close.
  EXPECT_EQ(counts.connections, 1 + counts.closes);
  EXPECT_EQ(result.reconnects, static_cast<uint64_t>(counts.closes));
}

// Exactly: whatever the moment at which the warm-up, the window and the drain end, each request is
// one of the three.
TEST_P(TruthOfTotals, WarmUpMeasuredAndCutOffAreAllThatTheServerHas) {
  KnownServer server(GetParam(), {.delay = milliseconds(1),
                                  .stall_length = seconds(60),
                                  .stall_after = milliseconds(150),
                                  .error_every = 3});
  LoadShape load = LoadOf(8);
  load.warmup = milliseconds(50);
  load.duration = milliseconds(200);
  load.drain = milliseconds(20);
  const TrialResult result = Run(server, load);
  const int64_t issued = result.warmup_requests + result.tally.total() + result.cut_off;
  EXPECT_EQ(ReceivedOf(server, issued), issued);
  const KnownCounts counts = server.counts();
  EXPECT_EQ(counts.stalled, 8) << "all that were in flight, and nothing came after them";
  EXPECT_LE(result.cut_off, counts.stalled);
  EXPECT_LE(result.tally.ok(), counts.ok);
  EXPECT_LE(Errors(result.tally), counts.errors);
  EXPECT_EQ(result.elapsed, milliseconds(200));
  EXPECT_FALSE(result.interrupted);
}

// Exactly rate × duration, and none of it is lost when the server answers nothing at all.
TEST_P(TruthOfTotals, OpenLoopOffersItsRateToAStalledServer) {
  KnownServer server(GetParam());
  server.Stall();
  LoadShape load = OpenLoad(10, 1000, milliseconds(300));
  load.drain = milliseconds(20);
  const TrialResult result = Run(server, load);
  EXPECT_EQ(result.offered, 300);
  EXPECT_EQ(result.tally.total(), 0);
  EXPECT_EQ(result.cut_off, 300);
  EXPECT_EQ(result.throughput(), 0);
  EXPECT_EQ(ReceivedOf(server, 10), 10) << "the slots, and nothing beyond them";
}

// Exactly, with failures and with a warm-up at the same rate.
TEST_P(TruthOfTotals, OpenLoopOffersItsRate) {
  KnownServer server(GetParam(), {.error_every = 4, .reset_every = 10});
  LoadShape load = OpenLoad(50, 1000, milliseconds(300));
  load.warmup = milliseconds(100);
  const TrialResult result = Run(server, load);
  const KnownCounts counts = server.counts();
  EXPECT_EQ(result.offered, 300);
  EXPECT_EQ(result.tally.total(), 300);
  EXPECT_EQ(result.warmup_requests, 100);
  EXPECT_EQ(counts.received, 400);
  EXPECT_EQ(result.cut_off, 0);
  EXPECT_EQ(result.tally.Of(Series::kLag).count(), 300);
  EXPECT_EQ(result.tally.Of(Series::kService).count(), result.tally.ok());
}

// The number of Poisson arrivals is random, but one number for all: offered is what ended or was
// cut off, and Poisson(500) is within 500 ± 134, which is 6 standard deviations.
TEST_P(TruthOfTotals, PoissonOffersWhatEndsOrIsCutOff) {
  KnownServer server(GetParam(), {.stall_length = seconds(60), .stall_after = milliseconds(200)});
  LoadShape load = OpenLoad(20, 1000, milliseconds(500));
  load.model = LoadModel::kPoisson;
  load.drain = milliseconds(20);
  const TrialResult result = Run(server, load);
  EXPECT_NEAR(static_cast<double>(result.offered), 500, 134);
  EXPECT_EQ(result.offered, result.tally.total() + result.cut_off);
  EXPECT_GE(result.cut_off, 20) << "all slots at least";
  EXPECT_EQ(ReceivedOf(server, result.tally.total() + 20), result.tally.total() + 20);
}

// What was due in the warm-up is never measured, though it ends within the measured time.
TEST_P(TruthOfTotals, OneBlockingWorkerWithAllBegunInTheWarmUp) {
  KnownServer server(GetParam(), {.delay = milliseconds(250), .one_worker = true});
  LoadShape load = LoadOf(4);
  load.warmup = milliseconds(200);
  load.duration = milliseconds(200);
  const TrialResult result = Run(server, load);
  const KnownCounts counts = server.counts();
  EXPECT_EQ(result.warmup_requests, 4);
  EXPECT_EQ(result.warmup_requests + result.tally.total(), counts.received);
  EXPECT_EQ(counts.ok, counts.received);
  EXPECT_EQ(result.tally.failed() + result.cut_off, 0);
  // The worker has answered one by 400 ms, and cannot have answered two; each lets one begin.
  EXPECT_LE(result.window.finished, 1);
  EXPECT_LE(result.tally.total(), 1);
  // It waited for what was left of one, for two more, and was served itself.
  if (result.tally.total() == 1) {
    EXPECT_GE(result.tally.ok_latency().min(), 3 * 250'000'000LL);
  }
}

TEST_P(TruthOfTotals, NothingIsMeasuredWhenAllIsSlowerThanTheWindow) {
  KnownServer server(GetParam(), {.delay = milliseconds(500)});
  LoadShape load = LoadOf(10);
  load.warmup = milliseconds(200);
  load.duration = milliseconds(100);
  const TrialResult result = Run(server, load);
  EXPECT_EQ(result.warmup_requests, 10);
  EXPECT_EQ(result.tally.total(), 0);
  EXPECT_EQ(result.window.finished, 0);
  EXPECT_EQ(result.cut_off, 0);
  EXPECT_EQ(result.throughput(), 0);
  EXPECT_EQ(server.counts().ok, 10) << "the drain waits for them";
}

}  // namespace
}  // namespace slipway::client::testing
