#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "client/measure/histogram.h"

namespace slipway::client {

/// How sure an interval is when nobody says otherwise.
inline constexpr double kConfidence = 0.95;

/// A value and where the true one is, with 95 % confidence.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
  /// False: too few samples for an interval; low and high are the smallest and the largest.
  bool is_interval = false;
};

/// Below this an interval would claim more than the samples say.
inline constexpr size_t kFewestForInterval = 6;

/// The median of several trials and its bootstrap interval, which resamples trials, not requests:
/// requests of one trial are not independent. It is the expanded percentile interval: that of the
/// plain percentiles is too narrow for few trials (of nine: the truth is in about 90 of 100), this
/// one corrects for their number as the t-interval of a mean does. It is never narrower than the
/// interval of order statistics, which holds whatever the distribution. The same `seed` gives the
/// same interval. Nothing when `values` is empty.
std::optional<Estimate> MedianOf(const std::vector<double>& values, uint64_t seed);

/// The ratio of two targets from trials in pairs, (`base[i]`, `other[i]`) of the same block: what
/// changed on the machine meanwhile hit both, so it cancels. The value is the Hodges–Lehmann
/// estimate of the log-ratios, the interval is a bootstrap over pairs, corrected as above: with
/// log-normal noise and disturbed trials the truth is in 95 to 97 of 100 from seven pairs on, of
/// six in about 93. Pairs with a value that is not above zero are left out; nothing when none is
/// left. Of more than kMostForPairs pairs it is the median of the log-ratios.
///
/// Who asks several questions at once wants more `confidence` for each (0.5 or more, below 1): of
/// m questions 1 - 0.05/m leaves 95 % for all of them together (Bonferroni).
std::optional<Estimate> RatioOf(const std::vector<double>& base, const std::vector<double>& other,
                                uint64_t seed, double confidence = kConfidence);

/// The Hodges–Lehmann estimate needs memory for the square of the pairs.
inline constexpr size_t kMostForPairs = 300;

/// How sure one percentile of one histogram is: the samples of the ranks n·p ± 1.96·√(n·p·(1−p)).
/// Optimistic, since it takes samples for independent.
Estimate PercentileOf(const Histogram& histogram, double percentile);

/// A percentile stands on too few samples with fewer than this beyond it.
inline constexpr double kSamplesBeyond = 10;
/// Whether a percentile of so many samples says something: there are kSamplesBeyond on either side.
bool EnoughFor(double percentile, int64_t samples);

}  // namespace slipway::client
