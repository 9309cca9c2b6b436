#include "client/measure/statistics.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

uint64_t NewSeed() { return uint64_t{std::random_device{}()} << 32 | std::random_device{}(); }

/// Pairs of trials as a shared machine makes them: each block has its own speed, each trial noise
/// of its own, and one in ten trials was disturbed by somebody.
struct Pairs {
  std::vector<double> base, other;
};
Pairs MakePairs(size_t count, double ratio, std::mt19937_64* random) {
  std::normal_distribution<double> drift(0, 0.1), noise(0, 0.03), disturbance(0, 0.3);
  std::bernoulli_distribution disturbed(0.1);
  const auto trial = [&](double block) {
    const double extra = disturbed(*random) ? std::fabs(disturbance(*random)) : 0;
    return std::exp(block + noise(*random) + extra);
  };
  Pairs pairs;
  for (size_t i = 0; i < count; ++i) {
    const double block = drift(*random);
    pairs.base.push_back(50 * trial(block));
    pairs.other.push_back(50 * ratio * trial(block));
  }
  return pairs;
}

constexpr int kExperiments = 2000;
// 95 % are promised; this is four of the count's own standard deviations below.
constexpr int kEnough = kExperiments * 93 / 100;

/// In how many of the experiments the truth is in the interval.
int CoverageOf(const std::function<Estimate(std::mt19937_64*)>& experiment, double truth,
               uint64_t seed) {
  std::mt19937_64 random(seed);
  int covered = 0;
  for (int i = 0; i < kExperiments; ++i) {
    const Estimate estimate = experiment(&random);
    EXPECT_TRUE(estimate.is_interval);
    EXPECT_LE(estimate.low, estimate.value);
    EXPECT_LE(estimate.value, estimate.high);
    if (estimate.low <= truth && truth <= estimate.high) ++covered;
  }
  return covered;
}

int RatioCoverage(size_t pairs, double ratio, uint64_t seed) {
  const auto experiment = [&](std::mt19937_64* random) {
    const Pairs made = MakePairs(pairs, ratio, random);
    return *RatioOf(made.base, made.other, (*random)());
  };
  return CoverageOf(experiment, ratio, seed);
}

TEST(RatioOf, CoversTheTrueRatioOfNinePairs) {
  const uint64_t seed = NewSeed();
  const int covered = RatioCoverage(9, 1.3, seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover 1.3\n";
  EXPECT_GE(covered, kEnough) << "seed " << seed;
}

TEST(RatioOf, CoversTheTrueRatioOfFifteenPairs) {
  const uint64_t seed = NewSeed();
  const int covered = RatioCoverage(15, 1.3, seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover 1.3\n";
  EXPECT_GE(covered, kEnough) << "seed " << seed;
}

TEST(RatioOf, CoversOneWhenNothingDiffers) {
  const uint64_t seed = NewSeed();
  const int covered = RatioCoverage(9, 1.0, seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover 1\n";
  EXPECT_GE(covered, kEnough) << "seed " << seed;
}

// An interval that covers by being endless would be of no use.
TEST(RatioOf, SeesAThirtiethInFifteenQuietPairs) {
  const uint64_t seed = NewSeed();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> drift(0, 0.1), noise(0, 0.005);
  int seen = 0;
  for (int i = 0; i < 100; ++i) {
    std::vector<double> base, other;
    for (int pair = 0; pair < 15; ++pair) {
      const double block = drift(random);
      base.push_back(std::exp(block + noise(random)));
      other.push_back(1.033 * std::exp(block + noise(random)));
    }
    if (RatioOf(base, other, random())->low > 1) ++seen;
  }
  EXPECT_GE(seen, 99);
}

TEST(RatioOf, OneOutlierHardlyMovesIt) {
  const std::vector<double> base(9, 10);
  std::vector<double> other(9, 13);
  other[4] = 1300;
  const Estimate estimate = *RatioOf(base, other, 1);
  EXPECT_NEAR(estimate.value, 1.3, 1e-12);
  EXPECT_NEAR(estimate.low, 1.3, 1e-12);
}

TEST(RatioOf, SwappedTargetsGiveTheReciprocal) {
  std::mt19937_64 random(7);
  const Pairs pairs = MakePairs(12, 1.3, &random);
  const double there = RatioOf(pairs.base, pairs.other, 1)->value;
  const double back = RatioOf(pairs.other, pairs.base, 1)->value;
  EXPECT_NEAR(there * back, 1, 1e-12);
}

TEST(RatioOf, FewPairsGiveTheirRangeAndNoInterval) {
  const Estimate estimate = *RatioOf({10, 10, 10}, {11, 20, 15}, 1);
  EXPECT_FALSE(estimate.is_interval);
  EXPECT_NEAR(estimate.low, 1.1, 1e-12);
  EXPECT_NEAR(estimate.high, 2.0, 1e-12);
}

TEST(RatioOf, PairsWithoutAPositiveValueAreLeftOut) {
  EXPECT_FALSE(RatioOf({}, {}, 1).has_value());
  EXPECT_FALSE(RatioOf({0, 1}, {1, 0}, 1).has_value());
  EXPECT_FALSE(RatioOf({1, 2}, {}, 1).has_value());
  EXPECT_NEAR(RatioOf({0, 2}, {5, 3}, 1)->value, 1.5, 1e-12);
}

TEST(RatioOf, TheSameSeedGivesTheSameInterval) {
  std::mt19937_64 random(3);
  const Pairs pairs = MakePairs(9, 1.1, &random);
  const Estimate first = *RatioOf(pairs.base, pairs.other, 42);
  const Estimate again = *RatioOf(pairs.base, pairs.other, 42);
  const Estimate other = *RatioOf(pairs.base, pairs.other, 43);
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_TRUE(first.low != other.low || first.high != other.high);
}

TEST(RatioOf, MoreConfidenceIsWiderAndCoversMore) {
  const uint64_t seed = NewSeed();
  const auto experiment = [](std::mt19937_64* random) {
    const Pairs pairs = MakePairs(9, 1.3, random);
    const uint64_t draws = (*random)();
    const Estimate narrow = *RatioOf(pairs.base, pairs.other, draws);
    const Estimate wide = *RatioOf(pairs.base, pairs.other, draws, 0.99);
    EXPECT_EQ(narrow.value, wide.value);
    EXPECT_LE(wide.low, narrow.low);
    EXPECT_GE(wide.high, narrow.high);
    return wide;
  };
  const int covered = CoverageOf(experiment, 1.3, seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover 1.3\n";
  // 99 % are asked for; a bootstrap of nine cannot be wider than its smallest and largest.
  EXPECT_GE(covered, kExperiments * 97 / 100) << "seed " << seed;
}

TEST(RatioOf, ThousandsOfPairsAreTheirMedian) {
  std::vector<double> base(2001, 10), other;
  for (int i = 0; i < 2001; ++i) other.push_back(i < 1000 ? 10 : i == 1000 ? 11 : 1000);
  EXPECT_NEAR(RatioOf(base, other, 1)->value, 1.1, 1e-12) << "of averages it would be 10";
}

TEST(MedianOf, IsTheMiddle) {
  EXPECT_EQ(MedianOf({3, 1, 2}, 1)->value, 2);
  EXPECT_EQ(MedianOf({4, 1, 2, 3}, 1)->value, 2.5);
  EXPECT_EQ(MedianOf({7}, 1)->value, 7);
  EXPECT_FALSE(MedianOf({}, 1).has_value());
}

TEST(MedianOf, FewTrialsGiveTheirRangeAndNoInterval) {
  const Estimate five = *MedianOf({5, 1, 4, 2, 3}, 1);
  EXPECT_FALSE(five.is_interval);
  EXPECT_EQ(five.low, 1);
  EXPECT_EQ(five.high, 5);
  EXPECT_TRUE(MedianOf({5, 1, 4, 2, 3, 6}, 1)->is_interval);
}

TEST(MedianOf, EqualTrialsGiveAPoint) {
  const Estimate estimate = *MedianOf(std::vector<double>(9, 4.5), 1);
  EXPECT_EQ(estimate.low, 4.5);
  EXPECT_EQ(estimate.high, 4.5);
}

TEST(MedianOf, CoversTheTrueMedianOfSkewedTrials) {
  const uint64_t seed = NewSeed();
  const auto experiment = [](std::mt19937_64* random) {
    std::lognormal_distribution<double> trial(3, 0.5);
    std::vector<double> values(11);
    for (double& value : values) value = trial(*random);
    return *MedianOf(values, (*random)());
  };
  const int covered = CoverageOf(experiment, std::exp(3.0), seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover the median\n";
  EXPECT_GE(covered, kEnough) << "seed " << seed;
}

TEST(PercentileOf, CoversTheTruePercentile) {
  const uint64_t seed = NewSeed();
  const auto experiment = [](std::mt19937_64* random) {
    std::exponential_distribution<double> latency(1e-6);
    Histogram histogram(Histogram::Range{.lowest = 1, .highest = 1'000'000'000, .digits = 3});
    for (int i = 0; i < 2000; ++i) histogram.Record(std::llround(latency(*random)));
    return PercentileOf(histogram, 99);
  };
  const int covered = CoverageOf(experiment, 1e6 * std::log(100), seed);
  std::cout << "seed " << seed << ": " << covered << " of 2000 intervals cover the percentile\n";
  EXPECT_GE(covered, kEnough) << "seed " << seed;
}

TEST(PercentileOf, FewSamplesGiveTheirRangeAndNoInterval) {
  Histogram histogram;
  for (int64_t value : {100, 200, 300}) histogram.Record(value);
  const Estimate estimate = PercentileOf(histogram, 99);
  EXPECT_FALSE(estimate.is_interval);
  EXPECT_EQ(estimate.value, 300);
  EXPECT_EQ(estimate.low, 100);
  EXPECT_EQ(estimate.high, 300);
}

TEST(EnoughFor, WantsTenSamplesBeyond) {
  EXPECT_FALSE(EnoughFor(50, 19));
  EXPECT_TRUE(EnoughFor(50, 20));
  EXPECT_FALSE(EnoughFor(99, 999));
  EXPECT_TRUE(EnoughFor(99, 1'000));
  EXPECT_FALSE(EnoughFor(99.9, 9'999));
  EXPECT_TRUE(EnoughFor(99.9, 10'000));
  EXPECT_FALSE(EnoughFor(99.99, 99'999));
  EXPECT_TRUE(EnoughFor(99.99, 100'000));
  EXPECT_FALSE(EnoughFor(100, INT64_MAX));
}

}  // namespace
}  // namespace slipway::client
