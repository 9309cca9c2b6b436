#include "client/measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

namespace slipway::client {
namespace {

constexpr size_t kResamples = 2000;
/// Half of a normal distribution's 95 %, in standard deviations.
constexpr double kZ = 1.959963984540054;

/// What an estimator takes the median of: all of them sorted, and how often each counts when the
/// sample of index i is drawn `times[i]` times. Sorting once makes a resample a walk.
class Candidates {
 public:
  /// The values themselves.
  static Candidates ForMedian(const std::vector<double>& values) {
    Candidates candidates(values.size(), /*pairs=*/false);
    for (size_t i = 0; i < values.size(); ++i) candidates.all_.push_back({values[i], i, i});
    candidates.Sort();
    return candidates;
  }
  /// The averages of all pairs, each value with itself too (Hodges and Lehmann, 1963): nearly as
  /// sharp as the mean, and an outlier moves it hardly more than it moves the median.
  static Candidates ForHodgesLehmann(const std::vector<double>& values) {
    Candidates candidates(values.size(), /*pairs=*/true);
    for (size_t i = 0; i < values.size(); ++i) {
      for (size_t j = i; j < values.size(); ++j) {
        candidates.all_.push_back({(values[i] + values[j]) / 2, i, j});
      }
    }
    candidates.Sort();
    return candidates;
  }

  size_t samples() const { return samples_; }
  /// `times` add up to samples().
  double Middle(const std::vector<uint32_t>& times) const {
    const size_t total = pairs_ ? samples_ * (samples_ + 1) / 2 : samples_;
    size_t seen = 0;
    auto candidate = all_.begin();
    while ((seen += Weight(*candidate, times)) < (total + 1) / 2) ++candidate;
    const double lower = candidate->value;
    while (seen < total / 2 + 1) seen += Weight(*++candidate, times);
    return (lower + candidate->value) / 2;
  }

 private:
  struct Candidate {
    double value;
    size_t first;
    size_t second;
  };

  Candidates(size_t samples, bool pairs) : samples_(samples), pairs_(pairs) {}
  void Sort() {
    std::sort(all_.begin(), all_.end(),
              [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
  }
  size_t Weight(const Candidate& candidate, const std::vector<uint32_t>& times) const {
    const size_t first = times[candidate.first];
    if (!pairs_) return first;
    if (candidate.first == candidate.second) return first * (first + 1) / 2;
    return first * times[candidate.second];
  }

  size_t samples_;
  bool pairs_;
  std::vector<Candidate> all_;
};

/// Half of what a normal distribution has in its middle share of `confidence`, in standard
/// deviations.
double NormalQuantile(double confidence) {
  double low = 0, high = 40;
  for (int i = 0; i < 64; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > 1 - confidence ? low : high) = middle;
  }
  return low;
}

/// What (1 - confidence) / 2 of Student's distribution lie beyond, for `freedom` of 5 or more
/// (Cornish–Fisher expansion: Abramowitz and Stegun 26.7.5; at 5 and 95 % off by 0.003).
double StudentQuantile(double freedom, double confidence) {
  const double z = NormalQuantile(confidence);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom * freedom * freedom);
}

/// The share of the resamples that is cut off at each end. 2.5 % (of 95 % confidence) would be too
/// much: resamples of n values spread less than samples by (n-1)/n, and from so few one does not
/// know the spread well. Both are made good as in the t-interval of a mean (Hesterberg, The
/// American Statistician 69/4, 2015: the expanded percentile interval).
double TailShare(size_t samples, double confidence) {
  const auto n = static_cast<double>(samples);
  return std::erfc(StudentQuantile(n - 1, confidence) * std::sqrt(n / (n - 1)) / std::sqrt(2.0)) /
         2;
}

/// Between the two nearest of `sorted`.
double QuantileOf(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

/// What the estimator says of each of kResamples resamples, sorted.
std::vector<double> Resample(const Candidates& candidates, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> estimates(kResamples);
  std::vector<uint32_t> times;
  for (double& estimate : estimates) {
    times.assign(candidates.samples(), 0);
    for (size_t i = 0; i < times.size(); ++i) {
      // Not a distribution of the library: those differ between libraries.
      ++times[((random() >> 32) * times.size()) >> 32];
    }
    estimate = candidates.Middle(times);
  }
  std::sort(estimates.begin(), estimates.end());
  return estimates;
}

Estimate Bootstrap(const std::vector<double>& values, const Candidates& candidates, uint64_t seed,
                   double confidence) {
  Estimate estimate;
  estimate.value = candidates.Middle(std::vector<uint32_t>(values.size(), 1));
  if (values.size() < kFewestForInterval) {
    estimate.low = *std::min_element(values.begin(), values.end());
    estimate.high = *std::max_element(values.begin(), values.end());
    return estimate;
  }
  const std::vector<double> estimates = Resample(candidates, seed);
  const double tail = TailShare(values.size(), confidence);
  estimate.low = std::min(QuantileOf(estimates, tail), estimate.value);
  estimate.high = std::max(QuantileOf(estimates, 1 - tail), estimate.value);
  estimate.is_interval = true;
  return estimate;
}

/// How probable it is that fewer than `count` of `n` values are below their distribution's median.
double ProbabilityOfFewerBelow(size_t count, size_t n) {
  const auto of = static_cast<double>(n);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(of + 1) - std::lgamma(k + 1) - std::lgamma(of - k + 1) -
                    of * std::log(2.0));
  }
  return sum;
}

/// Widens `estimate` to what holds for the median of any distribution: between the k-th smallest
/// and the k-th largest value, and since that is 95 % for no k, between two such k (Hettmansperger
/// and Sheather, Statistics & Probability Letters 4/2, 1986). A resample's median is one of few
/// values, so that the bootstrap alone jumps over the right place for some numbers of trials.
void WidenToOrderStatistics(std::vector<double> values, Estimate* estimate) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  size_t k = 1;
  while (2 * k + 2 <= n && 2 * ProbabilityOfFewerBelow(k + 1, n) <= 0.05) ++k;
  const double outer = 1 - 2 * ProbabilityOfFewerBelow(k, n);
  const double inner = 1 - 2 * ProbabilityOfFewerBelow(k + 1, n);
  const double part = (outer - 0.95) / (outer - inner);
  const double left = static_cast<double>(n - k) * part;
  const double inward = left / (static_cast<double>(k) + left - static_cast<double>(k) * part);
  const double low = values[k - 1] + (values[k] - values[k - 1]) * inward;
  const double high = values[n - k] - (values[n - k] - values[n - k - 1]) * inward;
  estimate->low = std::min(estimate->low, low);
  estimate->high = std::max(estimate->high, high);
}

}  // namespace

std::optional<Estimate> MedianOf(const std::vector<double>& values, uint64_t seed) {
  if (values.empty()) return std::nullopt;
  Estimate estimate = Bootstrap(values, Candidates::ForMedian(values), seed, kConfidence);
  if (estimate.is_interval) WidenToOrderStatistics(values, &estimate);
  return estimate;
}

std::optional<Estimate> RatioOf(const std::vector<double>& base, const std::vector<double>& other,
                                uint64_t seed, double confidence) {
  std::vector<double> logs;
  for (size_t i = 0; i < std::min(base.size(), other.size()); ++i) {
    if (base[i] > 0 && other[i] > 0) logs.push_back(std::log(other[i] / base[i]));
  }
  if (logs.empty()) return std::nullopt;
  const Candidates candidates = logs.size() > kMostForPairs ? Candidates::ForMedian(logs)
                                                            : Candidates::ForHodgesLehmann(logs);
  Estimate estimate = Bootstrap(logs, candidates, seed, confidence);
  estimate.value = std::exp(estimate.value);
  estimate.low = std::exp(estimate.low);
  estimate.high = std::exp(estimate.high);
  return estimate;
}

Estimate PercentileOf(const Histogram& histogram, double percentile) {
  Estimate estimate;
  estimate.value = static_cast<double>(histogram.ValueAt(percentile));
  estimate.is_interval = EnoughFor(percentile, histogram.count());
  if (!estimate.is_interval) {
    estimate.low = static_cast<double>(histogram.min());
    estimate.high = static_cast<double>(histogram.max());
    return estimate;
  }
  const double share = percentile / 100;
  const double rank = share * static_cast<double>(histogram.count());
  const double off = kZ * std::sqrt(rank * (1 - share));
  estimate.low =
      static_cast<double>(histogram.ValueAtRank(static_cast<int64_t>(std::floor(rank - off))));
  estimate.high =
      static_cast<double>(histogram.ValueAtRank(static_cast<int64_t>(std::ceil(rank + off)) + 1));
  return estimate;
}

bool EnoughFor(double percentile, int64_t samples) {
  const double beyond = std::min(percentile, 100 - percentile) / 100;
  // 100 - 99.9 is a little less than 0.1.
  return beyond > 0 && static_cast<double>(samples) * beyond >= kSamplesBeyond * (1 - 1e-9);
}

}  // namespace slipway::client
