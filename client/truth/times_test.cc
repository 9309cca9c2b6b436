// Whether latencies are those that the server has caused.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include "client/truth/known_trial.h"

namespace slipway::client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class TruthOfTimes : public ::testing::TestWithParam<KnownProtocol> {
 protected:
  TrialResult Run(KnownServer& server, const LoadShape& load) {
    return MustRun(PlanOf(server, GetParam(), load));
  }
};

INSTANTIATE_TEST_SUITE_P(All, TruthOfTimes, AllProtocols(), ProtocolName);

/// Each request took the generator at least as long as the server has had it in its hands, so the
/// same holds of each rank. Exactly: both histograms have the same slots.
void ExpectAtLeast(const Histogram& generator, const Histogram& server) {
  ASSERT_EQ(generator.count(), server.count());
  for (int64_t rank = 1; rank <= server.count(); ++rank) {
    ASSERT_GE(generator.ValueAtRank(rank), server.ValueAtRank(rank)) << "rank " << rank;
  }
  EXPECT_GE(generator.min(), server.min());
  EXPECT_GE(generator.max(), server.max());
  EXPECT_GE(generator.mean(), server.mean());
}

// By the server's clock it never answers before the delay, so nothing may be reported below it.
TEST_P(TruthOfTimes, NothingIsFasterThanTheServer) {
  KnownServer server(GetParam(), {.delay = milliseconds(5)});
  const TrialResult result = Run(server, ClosedLoad(20, 600));
  ASSERT_EQ(result.tally.ok(), 600);
  EXPECT_GE(result.tally.ok_latency().min(), 5'000'000);
  ExpectAtLeast(result.tally.ok_latency(), server.times());
}

/// Of all that ended in the window, also of what was due before it.
int64_t LongestOf(const TrialResult& result) {
  int64_t longest = result.tally.ok_latency().max();
  for (const Timeline::Slice& slice : result.timeline.slices()) {
    longest = std::max(longest, slice.ok.max());
  }
  return longest;
}

// Little's law, L = λW, of three numbers that are measured apart. Of each slot, the requests due in
// the window tile it up to a latency at each end, and at most one more or less ended in it than was
// due in it: hence the bound, 10 % on a quiet machine.
TEST_P(TruthOfTimes, LittlesLaw) {
  constexpr uint32_t kInFlight = 32;
  KnownServer server(GetParam(), {.delay = milliseconds(20)});
  LoadShape load = LoadOf(kInFlight);
  load.warmup = milliseconds(100);
  load.duration = milliseconds(800);
  const TrialResult result = Run(server, load);
  const Histogram& ok = result.tally.ok_latency();
  ASSERT_GT(ok.count(), 0);
  EXPECT_GE(ok.min(), 20'000'000);
  EXPECT_EQ(result.tally.failed(), 0);
  EXPECT_EQ(server.counts().received, result.warmup_requests + result.tally.total());
  EXPECT_EQ(server.counts().most_at_once, kInFlight);
  const double in_flight = result.throughput() * ok.mean() / 1e9;
  const double edges =
      2.0 * static_cast<double>(LongestOf(result)) / static_cast<double>(result.elapsed.count()) +
      kInFlight / static_cast<double>(ok.count());
  EXPECT_NEAR(in_flight / kInFlight, 1, edges);
}

// M/M/1 at a utilisation of one half. The server has noted how long it had each request, its own
// delays included, so its histogram, and not the formula, is what must come out, at every rank.
// From above, what the generator reports differs by the way there and back and by the threads'
// waking up: both were measured, as the round trip to an idle server and as the lag of this very
// run. As percentiles of sums are no sums of percentiles, two of 100 are left out.
TEST_P(TruthOfTimes, PoissonServiceOnOneQueue) {
  KnownServer idle(GetParam());
  const Histogram round_trip = Run(idle, ClosedLoad(1, 300)).tally.ok_latency();

  KnownServer server(GetParam(), {.mean_service = milliseconds(1), .seed = 11});
  LoadShape load = OpenLoad(500, 500, milliseconds(1800));
  load.model = LoadModel::kPoisson;
  const TrialResult result = Run(server, load);
  const Histogram& service = result.tally.Of(Series::kService);
  const Histogram& lag = result.tally.Of(Series::kLag);
  const Histogram times = server.times();
  ASSERT_EQ(result.cut_off, 0);
  ExpectAtLeast(service, times);
  ExpectAtLeast(result.tally.ok_latency(), service);
  const int64_t allowance = 2 * (lag.ValueAt(99) + round_trip.ValueAt(99));
  for (const double percentile : {10, 25, 50, 75, 90, 95, 97}) {
    EXPECT_LE(service.ValueAt(percentile), times.ValueAt(percentile + 2) + allowance) << percentile;
  }
  // Latency is lag and service time, request by request, so their sums add up: to a nanosecond for
  // each, as far as doubles can.
  EXPECT_NEAR(SumOf(result.tally.ok_latency()), SumOf(lag) + SumOf(service),
              static_cast<double>(service.count()));
  // A request takes at least its own service: the mean of 800 exponential times is above 85 % of
  // theirs but for 4 standard deviations.
  EXPECT_GE(times.mean(), 0.85e6);
}

/// Of a stall of a second from 0.3 s on, at 200 a second. Twice that in a second and a half.
KnownBehaviour StalledOnce() {
  return {.stall_length = seconds(1), .stall_after = milliseconds(300)};
}

// Coordinated omission: of what is due evenly within a stall of 1 s, the share 1 − x waits for x
// and more. Two are missing at the ends. The service time, which starts when a slot is free, knows
// only of those that were in flight; if the machine makes a pause of its own that long, of as many
// again.
TEST_P(TruthOfTimes, StallInTheOpenLoop) {
  constexpr double kRate = 200;
  constexpr uint32_t kSlots = 10;
  KnownServer server(GetParam(), StalledOnce());
  const TrialResult result = Run(server, OpenLoad(kSlots, kRate, milliseconds(1500)));
  EXPECT_EQ(result.offered, 300);
  ASSERT_EQ(result.tally.ok(), 300);
  const Histogram& ok = result.tally.ok_latency();
  for (int tenths = 1; tenths < 10; ++tenths) {
    EXPECT_GE(CountFrom(ok, milliseconds(100 * tenths)), kRate * (10 - tenths) / 10 - 2) << tenths;
  }
  // The first that met it was due a period after its beginning at most.
  EXPECT_GE(ok.max(), 1'000'000'000 - 5'000'000);
  const int64_t of_service = CountFrom(result.tally.Of(Series::kService), milliseconds(500));
  EXPECT_GE(of_service, 1);
  EXPECT_LE(of_service, 2 * kSlots);
  EXPECT_LE(server.counts().stalled, kSlots);
  EXPECT_GE(CountFrom(result.tally.Of(Series::kLag), milliseconds(500)), kRate / 2 - kSlots - 2);
}

// The closed loop stops asking: exactly one request of each slot met the stall, and the server
// noted as many long times as the generator.
TEST_P(TruthOfTimes, StallInTheClosedLoop) {
  constexpr int64_t kSlots = 8;
  KnownBehaviour behaviour = StalledOnce();
  behaviour.delay = milliseconds(5);
  KnownServer server(GetParam(), behaviour);
  LoadShape load = LoadOf(kSlots);
  load.duration = milliseconds(1500);
  const TrialResult result = Run(server, load);
  EXPECT_EQ(server.counts().stalled, kSlots);
  const Histogram& ok = result.tally.ok_latency();
  ExpectAtLeast(ok, server.times());
  EXPECT_GE(ok.max(), 900'000'000);
  const int64_t of_server = CountFrom(server.times(), milliseconds(500));
  EXPECT_GE(CountFrom(ok, milliseconds(500)), of_server);
  // Again with room for one pause of the machine.
  EXPECT_LE(CountFrom(ok, milliseconds(500)), 2 * kSlots);
  EXPECT_GE(of_server, 1);
}

}  // namespace
}  // namespace slipway::client::testing
