// Whether results stay what they are: in memory, when a run is interrupted, when they are merged.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "client/measure/hdr.h"
#include "client/pace/closed_loop.h"
#include "client/run/driver.h"
#include "client/truth/known_trial.h"
#include "rpc/manual_executor.h"

namespace slipway::client::testing {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // sanitizers keep what was given back
#else
constexpr bool kMemoryIsOurs = true;
#endif

constexpr int64_t kMegabyte = 1 << 20;

int64_t ResidentBytes() {
  return static_cast<int64_t>(base::ReadProcessUsage(getpid()).value().rss_bytes);
}

/// Ends each request at once, with another latency each; a tenth fails, each with its own words.
class InstantIssuer : public Issuer {
 public:
  void Listen(Listener* listener) override { listener_ = listener; }
  void Issue(uint32_t slot, rpc::Time now) override {
    const int64_t number = ++issued_;
    Outcome outcome{.kind = OutcomeKind::kHttpStatus, .code = 200, .ok = true};
    std::string words;
    if (number % 10 == 0) {
      words = absl::StrCat("failure ", number);
      outcome = {.kind = OutcomeKind::kBroken, .code = 0, .message = words};
    }
    listener_->Done(slot, outcome, now + nanoseconds(number % 1'000'003));
  }

 private:
  Listener* listener_ = nullptr;
  int64_t issued_ = 0;
};

/// A run of `requests` without an engine, in a time of its own.
void DriveAtOnce(int64_t requests) {
  rpc::ManualExecutor executor;
  const Window window{executor.Now(), rpc::Time::max()};
  RequestBudget budget(requests, 1);
  ClosedLoop pacer(window, &budget);
  InstantIssuer issuer;
  // One slice, since a longer run has more of them, up to Timeline::kMaxSlices.
  Driver driver(executor, issuer, pacer,
                {.slots = 50, .window = window, .slice = std::chrono::hours(24)});
  driver.Start();
  while (!driver.ended()) executor.Advance(seconds(1));
  ASSERT_EQ(driver.tally().total(), requests);
}

// What counts requests costs nothing for each: a million more would show in a megabyte if it kept
// a single byte of each.
TEST(TruthOfMemory, CountingDoesNotGrowWithTheRequests) {
  if (!kMemoryIsOurs) GTEST_SKIP() << "a sanitizer keeps what was given back";
  DriveAtOnce(100'000);
  const int64_t before = ResidentBytes();
  DriveAtOnce(1'600'000);
  EXPECT_LE(ResidentBytes() - before, kMegabyte);
}

class TruthOfRuns : public ::testing::TestWithParam<KnownProtocol> {};

INSTANTIATE_TEST_SUITE_P(All, TruthOfRuns, AllProtocols(), ProtocolName);

// Whole runs that differ in their number of requests only, with the server in the same process.
// The bound of 2 MB leaves 54 bytes for each of the 39,000 more, and what the allocator does in
// threads that come and go. The server's HTTP/2 library remembers as many closed streams as it
// allows open ones, so that is bounded here.
TEST_P(TruthOfRuns, MemoryDoesNotGrowWithTheRequests) {
  if (!kMemoryIsOurs) GTEST_SKIP() << "a sanitizer keeps what was given back";
  KnownServer server(GetParam(), {.max_streams = 16});
  EXPECT_EQ(MustRun(PlanOf(server, GetParam(), ClosedLoad(16, 1000))).tally.ok(), 1000);
  const int64_t before = ResidentBytes();
  EXPECT_EQ(MustRun(PlanOf(server, GetParam(), ClosedLoad(16, 40'000))).tally.ok(), 40'000);
  EXPECT_LE(ResidentBytes() - before, 2 * kMegabyte);
}

// A signal ends a run that would last an hour, and its result is as whole as any.
TEST_P(TruthOfRuns, InterruptedRunHasAFullResult) {
  KnownServer server(GetParam(), {.delay = milliseconds(2), .error_every = 5});
  LoadShape load = LoadOf(8);
  load.duration = seconds(3600);
  std::thread user([&server] {
    ReceivedOf(server, 300);
    kill(getpid(), SIGINT);
  });
  const TrialResult result = MustRun(PlanOf(server, GetParam(), load));
  user.join();
  const Tally& tally = result.tally;
  EXPECT_TRUE(result.interrupted);
  EXPECT_GE(tally.total() + result.cut_off, 300);
  EXPECT_EQ(tally.ok() + tally.failed(), tally.total());
  EXPECT_EQ(tally.failed(),
            GetParam() == KnownProtocol::kGrpc ? tally.grpc_count(5) : tally.http_count(500));
  EXPECT_LE(result.cut_off, 8);
  // What was cut off may or may not have left before the end.
  const KnownCounts counts = server.counts();
  EXPECT_GE(counts.received, tally.total());
  EXPECT_LE(counts.received, tally.total() + result.cut_off);
  EXPECT_LE(tally.ok(), counts.ok);
  EXPECT_LE(tally.failed(), counts.errors);
  EXPECT_LE(result.window.finished, tally.total());
  EXPECT_GT(result.window.finished, 0);
  EXPECT_LT(result.elapsed, seconds(3600));
  EXPECT_GE(result.elapsed, milliseconds(2)) << "the server's delay";
  EXPECT_GE(tally.ok_latency().min(), 2'000'000);
  EXPECT_GT(result.throughput(), 0);
}

// What was offered until then is the rate, times the time that was measured: the threads hear of
// the end a moment after it, so it is not less. Two threads may each have one that is not due yet.
TEST_P(TruthOfRuns, InterruptedOpenLoopHasOfferedItsRate) {
  KnownServer server(GetParam());
  const LoadShape load = OpenLoad(20, 2000, seconds(3600));
  std::thread user([&server] {
    ReceivedOf(server, 200);
    server.Stall();  // all slots are taken, and more is due than can begin
    ReceivedOf(server, server.counts().ok + 20);
    kill(getpid(), SIGINT);
  });
  const TrialResult result = MustRun(PlanOf(server, GetParam(), load));
  user.join();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.offered, result.tally.total() + result.cut_off);
  EXPECT_EQ(result.tally.ok(), server.counts().ok);
  EXPECT_EQ(server.counts().received, result.tally.ok() + 20);
  EXPECT_GE(result.cut_off, 20);
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  EXPECT_GE(static_cast<double>(result.offered), 2000 * seconds - 2);
  EXPECT_EQ(result.tally.Of(Series::kLag).count(), result.tally.ok() + 20);
}

void ExpectSameSlots(const Histogram& one, const Histogram& other) {
  EXPECT_EQ(one.count(), other.count());
  ASSERT_EQ(one.slots(), other.slots());
  for (size_t slot = 0; slot < one.slots(); ++slot) {
    ASSERT_EQ(one.CountOfSlot(slot), other.CountOfSlot(slot)) << "slot " << slot;
  }
}

// Exactly, slot by slot: what two generators wrote down and somebody else adds up is what they
// would have written together.
TEST_P(TruthOfRuns, EncodedHistogramsAddUpToTheWhole) {
  KnownServer server(GetParam(), {.mean_service = microseconds(100), .seed = 3, .error_every = 9});
  const Tally one = MustRun(PlanOf(server, GetParam(), ClosedLoad(4, 500))).tally;
  const Tally two = MustRun(PlanOf(server, GetParam(), ClosedLoad(8, 700))).tally;
  Tally whole = one;
  whole.Merge(two);
  for (const Series series : {Series::kOk, Series::kFailed}) {
    absl::StatusOr<Histogram> read = DecodeHdr(EncodeHdr(one.Of(series)));
    const absl::StatusOr<Histogram> other = DecodeHdr(EncodeHdr(two.Of(series)));
    ASSERT_TRUE(read.ok() && other.ok());
    read->Merge(*other);
    ExpectSameSlots(*read, whole.Of(series));
    const absl::StatusOr<Histogram> at_once = DecodeHdr(EncodeHdr(whole.Of(series)));
    ASSERT_TRUE(at_once.ok());
    ExpectSameSlots(*read, *at_once);
    for (const double percentile : {50, 90, 99}) {
      EXPECT_EQ(read->ValueAt(percentile), at_once->ValueAt(percentile));
    }
  }
  EXPECT_EQ(whole.ok(), server.counts().ok);
  EXPECT_EQ(whole.failed(), server.counts().errors);
}

}  // namespace
}  // namespace slipway::client::testing
