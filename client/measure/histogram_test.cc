#include "client/measure/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

std::vector<int64_t> RandomLatencies(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(13.0, 2.0);  // median 0.44 ms, long tail
  std::vector<int64_t> values(count);
  for (int64_t& value : values) value = static_cast<int64_t>(latency(random));
  return values;
}

/// The smallest sample that so many percent do not exceed.
int64_t ExactPercentile(const std::vector<int64_t>& sorted, double percentile) {
  const auto rank = static_cast<int64_t>(std::ceil(percentile / 100 * sorted.size() - 1e-6));
  return sorted[std::clamp<int64_t>(rank, 1, static_cast<int64_t>(sorted.size())) - 1];
}

TEST(Histogram, PercentilesStayWithinThreeDigitsOfSortedSamples) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::vector<int64_t> values = RandomLatencies(seed, 50'000);
  Histogram histogram;
  for (int64_t value : values) histogram.Record(value);
  std::sort(values.begin(), values.end());
  for (double percentile : {0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0}) {
    const int64_t exact = ExactPercentile(values, percentile);
    const int64_t got = histogram.ValueAt(percentile);
    EXPECT_GE(got, exact) << "p" << percentile;
    EXPECT_LE(got, exact + std::max<int64_t>(1, exact / 1000)) << "p" << percentile;
  }
}

TEST(Histogram, PercentOfTheSamplesDoNotExceedAPercentile) {
  for (const int64_t count : {1, 2, 3, 7, 10, 99, 101, 1000, 1999}) {
    Histogram histogram;
    for (int64_t value = 1; value <= count; ++value) histogram.Record(value);
    // Thousandths of a percent, so that the rank can be computed in whole numbers.
    for (const int64_t milli : {0, 1, 25'000, 33'333, 50'000, 75'000, 99'000, 99'900, 100'000}) {
      const int64_t rank = std::max<int64_t>(1, (milli * count + 99'999) / 100'000);
      EXPECT_EQ(histogram.ValueAt(static_cast<double>(milli) / 1000), rank)
          << "p" << milli / 1000.0 << " of " << count;
    }
  }
}

TEST(Histogram, MinMaxMeanAreExact) {
  Histogram histogram;
  for (int64_t value : {1'234'567, 7, 1'000'000'007}) histogram.Record(value);
  EXPECT_EQ(histogram.min(), 7);
  EXPECT_EQ(histogram.max(), 1'000'000'007);
  EXPECT_DOUBLE_EQ(histogram.mean(), (1'234'567 + 7 + 1'000'000'007) / 3.0);
  EXPECT_EQ(histogram.ValueAt(100), 1'000'000'007);
}

TEST(Histogram, MergeEqualsWhole) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const std::vector<int64_t> values = RandomLatencies(seed, 10'000);
  Histogram whole, left, right;
  for (size_t i = 0; i < values.size(); ++i) {
    whole.Record(values[i]);
    (i % 3 == 0 ? left : right).Record(values[i]);
  }
  left.Merge(right);
  EXPECT_EQ(left.count(), whole.count());
  EXPECT_EQ(left.min(), whole.min());
  EXPECT_EQ(left.max(), whole.max());
  EXPECT_NEAR(left.mean(), whole.mean(), whole.mean() * 1e-9);
  for (size_t slot = 0; slot < whole.slots(); ++slot) {
    ASSERT_EQ(left.CountOfSlot(slot), whole.CountOfSlot(slot)) << "slot " << slot;
  }
}

TEST(Histogram, MergeOfEmptyChangesNothing) {
  Histogram histogram, empty;
  histogram.Record(42);
  histogram.Merge(empty);
  EXPECT_EQ(histogram.min(), 42);
  EXPECT_EQ(histogram.max(), 42);
  empty.Merge(histogram);
  EXPECT_EQ(empty.min(), 42);
}

TEST(Histogram, MergeOfAnotherRangeKeepsItsPrecision) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Histogram fine, coarse(Histogram::Range{.lowest = 1000, .highest = 10'000'000'000, .digits = 2});
  for (int64_t value : RandomLatencies(seed, 10'000)) coarse.Record(value);
  fine.Record(1);
  fine.Merge(coarse);
  EXPECT_EQ(fine.count(), 10'001);
  EXPECT_EQ(fine.max(), coarse.max());
  for (double percentile : {10.0, 50.0, 90.0, 99.0, 100.0}) {
    const double expected = static_cast<double>(coarse.ValueAt(percentile));
    EXPECT_NEAR(fine.ValueAt(percentile), expected, 0.02 * expected + 1000) << percentile;
  }
  Histogram narrow(Histogram::Range{.lowest = 1, .highest = 1000, .digits = 1});
  narrow.Merge(fine);
  EXPECT_EQ(narrow.count(), 10'001);
  EXPECT_LE(narrow.min(), narrow.max());
  EXPECT_EQ(narrow.ValueAt(0), 1);
}

TEST(Histogram, SlotsPutBackGiveTheirMiddle) {
  Histogram histogram;
  const size_t slot = histogram.SlotOf(1'000'000);
  histogram.AddToSlot(slot, 3);
  histogram.AddToSlot(slot + 10, 0);
  EXPECT_EQ(histogram.count(), 3);
  EXPECT_EQ(histogram.min(), histogram.LowestOfSlot(slot));
  EXPECT_EQ(histogram.max(), histogram.HighestOfSlot(slot));
  EXPECT_EQ(histogram.mean(), histogram.MiddleOfSlot(slot));
  EXPECT_EQ(histogram.Deviation(), 0);
  EXPECT_EQ(histogram.ValueAtRank(2), histogram.max());
}

TEST(Histogram, ExactValuesArePutBackUnlessTheyContradictTheSlots) {
  Histogram original;
  for (int64_t value : {1'234'567, 98'765'432, 1'000'000'007}) original.Record(value);
  Histogram back;
  for (size_t slot = 0; slot < original.slots(); ++slot) {
    back.AddToSlot(slot, original.CountOfSlot(slot));
  }
  back.RestoreExact(1, 1'000'000'007, 5);
  EXPECT_NE(back.min(), 1);
  back.RestoreExact(1'234'567, INT64_MAX, 5);
  EXPECT_LT(back.max(), 1'010'000'000);
  back.RestoreExact(original.min(), original.max(), std::nan(""));
  EXPECT_EQ(back.min(), 1'234'567);
  EXPECT_NEAR(back.mean(), original.mean(), original.mean() / 1000);
  back.RestoreExact(original.min(), original.max(), original.mean());
  EXPECT_EQ(back.max(), 1'000'000'007);
  EXPECT_DOUBLE_EQ(back.mean(), original.mean());
}

TEST(Histogram, ImpossibleRangesAreTold) {
  EXPECT_TRUE(Histogram::IsPossible({}));
  EXPECT_TRUE(Histogram::IsPossible({.lowest = 1, .highest = INT64_MAX, .digits = 5}));
  EXPECT_FALSE(Histogram::IsPossible({.lowest = 0, .highest = 10, .digits = 3}));
  EXPECT_FALSE(Histogram::IsPossible({.lowest = 10, .highest = 19, .digits = 3}));
  EXPECT_FALSE(Histogram::IsPossible({.lowest = 1, .highest = 10, .digits = 0}));
  EXPECT_FALSE(Histogram::IsPossible({.lowest = 1, .highest = 10, .digits = 6}));
  EXPECT_FALSE(Histogram::IsPossible({.lowest = INT64_MAX / 2, .highest = INT64_MAX, .digits = 3}));
}

TEST(Histogram, EmptyAnswersZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.ValueAt(99), 0);
}

TEST(Histogram, OutOfRangeIsClamped) {
  Histogram histogram;
  histogram.Record(-5);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.count(), 2);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), histogram.range().highest);
}

TEST(Histogram, SlotsCoverTheRangeWithoutGaps) {
  const Histogram histogram(Histogram::Range{1, 1'000'000, 2});
  for (size_t slot = 0; slot + 1 < histogram.slots(); ++slot) {
    EXPECT_EQ(histogram.HighestOfSlot(slot) + 1, histogram.LowestOfSlot(slot + 1));
    EXPECT_EQ(histogram.SlotOf(histogram.LowestOfSlot(slot)), slot);
    EXPECT_EQ(histogram.SlotOf(histogram.HighestOfSlot(slot)), slot);
  }
}

// Sizes and positions that every HdrHistogram with the same parameters has.
TEST(Histogram, LayoutIsHdrHistograms) {
  EXPECT_EQ(Histogram().slots(), 33'792u);
  EXPECT_EQ(Histogram(Histogram::Range{1, 3'600'000'000, 3}).slots(), 23'552u);
  EXPECT_EQ(Histogram(Histogram::Range{1, 60'000'000'000, 4}).slots(), 376'832u);
  EXPECT_EQ(Histogram(Histogram::Range{1000, 60'000'000'000, 3}).slots(), 18'432u);
  const Histogram histogram(Histogram::Range{1, 3'600'000'000, 3});
  EXPECT_EQ(histogram.SlotOf(1), 1u);
  EXPECT_EQ(histogram.SlotOf(1000), 1000u);
  EXPECT_EQ(histogram.SlotOf(1'000'000), 11'169u);
}

}  // namespace
}  // namespace slipway::client
