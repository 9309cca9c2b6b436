#include "client/measure/tally.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

Outcome Http(int status, std::string_view message = {}) {
  return Outcome{OutcomeKind::kHttpStatus, status, status < 400, false, message, 10};
}

TEST(Tally, SuccessesAndFailuresAreApart) {
  Tally tally;
  tally.Add(Http(200), milliseconds(1));
  tally.Add(Http(503, "no backend"), milliseconds(900));
  tally.Add(Outcome{OutcomeKind::kTimeout, 0, false, false, "no answer in time", 0},
            milliseconds(2000));
  EXPECT_EQ(tally.ok(), 1);
  EXPECT_EQ(tally.failed(), 2);
  EXPECT_EQ(tally.total(), 3);
  EXPECT_EQ(tally.bytes_received(), 20u);
  EXPECT_EQ(tally.ok_latency().max(), 1'000'000);
  EXPECT_EQ(tally.failed_latency().min(), 900'000'000);
  EXPECT_EQ(tally.http_count(503), 1);
}

TEST(Tally, FirstMessageOfEachCodeIsKept) {
  Tally tally;
  tally.Add(Http(404, "first"), milliseconds(1));
  tally.Add(Http(404, "second"), milliseconds(1));
  tally.Add(Http(500, "other"), milliseconds(1));
  ASSERT_EQ(tally.failures().size(), 2u);
  EXPECT_EQ(tally.failures()[0].message, "first");
  EXPECT_EQ(tally.failures()[0].count, 2);
  EXPECT_EQ(tally.failures()[1].message, "other");
}

TEST(Tally, BrokenConnectionsAreToldApartByText) {
  Tally tally;
  tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, "closed early", 0}, milliseconds(1));
  tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, "malformed", 0}, milliseconds(1));
  EXPECT_EQ(tally.failures().size(), 2u);
}

TEST(Tally, MergeAddsEverything) {
  Tally left, right;
  left.Add(Http(200), milliseconds(1));
  left.Add(Http(404, "left"), milliseconds(1));
  right.Add(Http(404, "right"), milliseconds(1));
  right.Add(Outcome{OutcomeKind::kGrpcStatus, 5, false, false, "not found", 0}, milliseconds(1));
  left.Merge(right);
  EXPECT_EQ(left.total(), 4);
  EXPECT_EQ(left.http_count(404), 2);
  EXPECT_EQ(left.grpc_count(5), 1);
  ASSERT_EQ(left.failures().size(), 2u);
  EXPECT_EQ(left.failures()[0].count, 2);
  EXPECT_EQ(left.failures()[0].message, "left");
}

void ExpectSame(const Histogram& a, const Histogram& b) {
  ASSERT_EQ(a.count(), b.count());
  EXPECT_EQ(a.min(), b.min());
  EXPECT_EQ(a.max(), b.max());
  for (size_t slot = 0; slot < a.slots(); ++slot) {
    ASSERT_EQ(a.CountOfSlot(slot), b.CountOfSlot(slot)) << "slot " << slot;
  }
}

int64_t CountOf(const Tally& tally, OutcomeKind kind, int code) {
  int64_t sum = 0;
  for (const Failure& failure : tally.failures()) {
    if (failure.kind == kind && failure.code == code) sum += failure.count;
  }
  return sum;
}

Outcome RandomOutcome(std::mt19937_64* random) {
  Outcome outcome;
  outcome.kind = static_cast<OutcomeKind>((*random)() % 6);
  if (outcome.kind == OutcomeKind::kGrpcStatus) outcome.code = (*random)() % 17;
  if (outcome.kind == OutcomeKind::kHttpStatus) outcome.code = 100 + (*random)() % 500;
  outcome.ok = outcome.kind == OutcomeKind::kGrpcStatus   ? outcome.code == 0
               : outcome.kind == OutcomeKind::kHttpStatus ? outcome.code < 400
                                                          : false;
  outcome.bytes_received = (*random)() % 1000;
  return outcome;
}

TEST(Tally, MergeEqualsTheWhole) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(13, 2);
  Tally whole, parts[3];
  for (int i = 0; i < 20'000; ++i) {
    Tally& part = parts[random() % 3];
    const Outcome outcome = RandomOutcome(&random);
    const std::chrono::nanoseconds time(std::llround(latency(random)));
    const Series series = kAllSeries[random() % std::size(kAllSeries)];
    const size_t step = random() % 4;
    for (Tally* tally : {&whole, &part}) {
      tally->Add(outcome, time);
      tally->Record(series, time / 2);
      tally->AddStep(step, outcome, time / 3);
    }
  }
  Tally merged;
  for (const Tally& part : parts) merged.Merge(part);
  for (Series series : kAllSeries) ExpectSame(merged.Of(series), whole.Of(series));
  ASSERT_EQ(merged.steps().size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    ExpectSame(merged.steps()[i].ok, whole.steps()[i].ok);
    EXPECT_EQ(merged.steps()[i].failed, whole.steps()[i].failed);
  }
  EXPECT_EQ(merged.bytes_received(), whole.bytes_received());
  for (int code = 0; code <= 16; ++code) EXPECT_EQ(merged.grpc_count(code), whole.grpc_count(code));
  for (int code = 0; code < 1000; ++code) {
    EXPECT_EQ(merged.http_count(code), whole.http_count(code));
  }
  // Sorts beyond the limit go where there is room, which depends on the order; those few do not.
  for (int code = 1; code <= 16; ++code) {
    if (CountOf(whole, OutcomeKind::kGrpcStatus, code) == whole.grpc_count(code)) continue;
    EXPECT_GE(whole.failures().size(), 64u) << "code " << code;
  }
  int64_t sum = 0, whole_sum = 0;
  for (const Failure& failure : merged.failures()) sum += failure.count;
  for (const Failure& failure : whole.failures()) whole_sum += failure.count;
  EXPECT_EQ(sum, whole_sum);
}

TEST(Tally, NoSortIsCountedUnderAnotherKind) {
  Tally tally;
  const auto broken = [](std::string_view message) {
    return Outcome{.kind = OutcomeKind::kBroken, .message = message};
  };
  for (int i = 0; i < 100; ++i) tally.Add(broken("reset " + std::to_string(i)), milliseconds(1));
  for (int i = 0; i < 5; ++i) tally.Add({.kind = OutcomeKind::kTimeout}, milliseconds(1));
  tally.Add(Http(503, "no backend"), milliseconds(1));
  tally.Add(Http(500, "beyond"), milliseconds(1));
  ASSERT_EQ(tally.failures().size(), 66u);
  EXPECT_EQ(tally.failures()[63].count, 100 - 63) << "the last sort of those that are too many";
  EXPECT_EQ(CountOf(tally, OutcomeKind::kTimeout, 0), 5);
  EXPECT_EQ(CountOf(tally, OutcomeKind::kHttpStatus, 503), 2);
  Tally merged;
  merged.Merge(tally);
  EXPECT_EQ(CountOf(merged, OutcomeKind::kTimeout, 0), 5);
}

TEST(Tally, UnwrittenSeriesIsEmpty) {
  const Tally tally;
  for (Series series : kAllSeries) {
    EXPECT_EQ(tally.Of(series).count(), 0);
    EXPECT_FALSE(SeriesName(series).empty());
  }
  EXPECT_EQ(&tally.Of(Series::kOk), &Tally().Of(Series::kLag)) << "one for all";
  EXPECT_TRUE(tally.steps().empty());
}

TEST(Tally, SeriesAreApart) {
  Tally tally;
  tally.Record(Series::kLag, milliseconds(3));
  EXPECT_EQ(tally.Of(Series::kLag).max(), 3'000'000);
  EXPECT_EQ(tally.Of(Series::kService).count(), 0);
  EXPECT_EQ(tally.total(), 0);
}

TEST(Tally, UnknownCodesAreCountedSomewhere) {
  Tally tally;
  tally.Add(Outcome{.kind = OutcomeKind::kGrpcStatus, .code = 99}, milliseconds(1));
  tally.Add(Outcome{.kind = OutcomeKind::kGrpcStatus, .code = -1}, milliseconds(1));
  tally.Add(Outcome{.kind = OutcomeKind::kHttpStatus, .code = 123456}, milliseconds(1));
  EXPECT_EQ(tally.grpc_count(2), 2);
  EXPECT_EQ(tally.http_count(999), 1);
  EXPECT_EQ(tally.failed(), 3);
}

TEST(Tally, UnexpectedAnswersAreToldApartByText) {
  Tally tally;
  const std::string longer(1000, 'x');
  for (int i = 0; i < 3; ++i) {
    tally.Add(Outcome{.kind = OutcomeKind::kUnexpected, .message = "name is not a"},
              milliseconds(1));
    tally.Add(Outcome{.kind = OutcomeKind::kUnexpected, .message = longer}, milliseconds(1));
  }
  ASSERT_EQ(tally.failures().size(), 2u);
  EXPECT_EQ(tally.failures()[0].count, 3);
  EXPECT_EQ(tally.failures()[1].count, 3);
  EXPECT_EQ(tally.failures()[1].message.size(), 300u);
}

TEST(Tally, RestorePutsBackWhatTheAccessorsTold) {
  std::mt19937_64 random(11);
  Tally tally;
  for (int i = 0; i < 1000; ++i) tally.Add(RandomOutcome(&random), milliseconds(random() % 100));
  Tally back;
  for (Series series : kAllSeries) back.Restore(series, tally.Of(series));
  for (int code = 0; code <= 16; ++code) {
    back.RestoreAnswer(OutcomeKind::kGrpcStatus, code, tally.grpc_count(code));
  }
  for (int code = 0; code < 1000; ++code) {
    back.RestoreAnswer(OutcomeKind::kHttpStatus, code, tally.http_count(code));
  }
  for (const Failure& failure : tally.failures()) back.RestoreFailure(failure);
  back.RestoreBytes(tally.bytes_received());
  EXPECT_EQ(back.total(), tally.total());
  EXPECT_EQ(back.bytes_received(), tally.bytes_received());
  EXPECT_EQ(back.grpc_count(5), tally.grpc_count(5));
  EXPECT_EQ(back.http_count(404), tally.http_count(404));
  EXPECT_EQ(back.failures().size(), tally.failures().size());
  back.Merge(tally);
  EXPECT_EQ(back.total(), 2 * tally.total());
}

TEST(Tally, RestoreTakesForeignFigures) {
  Tally tally;
  Histogram coarse(Histogram::Range{.lowest = 1000, .highest = 60'000'000'000, .digits = 2});
  coarse.Record(5'000'000);
  tally.Restore(Series::kOk, coarse);
  EXPECT_EQ(tally.Of(Series::kOk).range(), Histogram::Range{});
  EXPECT_NEAR(tally.Of(Series::kOk).ValueAt(50), 5e6, 5e4);
  tally.RestoreAnswer(OutcomeKind::kGrpcStatus, 17, 1);
  tally.RestoreAnswer(OutcomeKind::kHttpStatus, -1, 1);
  tally.RestoreAnswer(OutcomeKind::kHttpStatus, 1000, 1);
  tally.RestoreAnswer(OutcomeKind::kTimeout, 3, 1);
  tally.AddStep(1'000'000'000, Outcome{}, milliseconds(1));
  EXPECT_TRUE(tally.steps().empty());
}

TEST(Tally, ManySortsDoNotGrowWithoutBound) {
  Tally tally;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "text " + std::to_string(i);
    tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, text, 0}, milliseconds(1));
  }
  int64_t sum = 0;
  for (const Failure& failure : tally.failures()) sum += failure.count;
  EXPECT_EQ(sum, 1000);
  EXPECT_LE(tally.failures().size(), 64u);
}

}  // namespace
}  // namespace slipway::client
