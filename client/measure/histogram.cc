#include "client/measure/histogram.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace slipway::client {
namespace {

/// The power of two that holds all values with `digits` significant digits at unit resolution.
int SubBucketMagnitude(int digits) {
  const auto largest = static_cast<uint64_t>(2 * std::llround(std::pow(10, digits)));
  return 64 - __builtin_clzll(largest - 1);
}

size_t BucketsFor(int64_t highest, int64_t sub_buckets, int unit_magnitude) {
  size_t buckets = 1;
  int64_t beyond = sub_buckets << unit_magnitude;
  while (beyond <= highest) {
    ++buckets;
    if (beyond > INT64_MAX / 2) break;
    beyond <<= 1;
  }
  return buckets;
}

}  // namespace

Histogram::Histogram(const Range& range) : range_(range) {
  assert(range.lowest >= 1 && range.highest >= 2 * range.lowest);
  assert(range.digits >= 1 && range.digits <= 5);
  const int magnitude = SubBucketMagnitude(range.digits);
  const int64_t sub_buckets = int64_t{1} << magnitude;
  unit_magnitude_ = 63 - __builtin_clzll(static_cast<uint64_t>(range.lowest));
  half_magnitude_ = magnitude - 1;
  half_count_ = sub_buckets / 2;
  sub_bucket_mask_ = static_cast<uint64_t>(sub_buckets - 1) << unit_magnitude_;
  const size_t buckets = BucketsFor(range.highest, sub_buckets, unit_magnitude_);
  counts_.resize((buckets + 1) * static_cast<size_t>(half_count_));
}

void Histogram::Merge(const Histogram& other) {
  assert(range_ == other.range_);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

int64_t Histogram::ValueAt(double percentile) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(percentile, 0.0, 100.0) / 100;
  const auto rank = static_cast<int64_t>(share * static_cast<double>(count_) + 0.5);
  const int64_t target = std::clamp<int64_t>(rank, 1, count_);
  int64_t seen = 0;
  for (size_t slot = SlotOf(min_); slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= target) return std::min(HighestOfSlot(slot), max_);
  }
  return max_;
}

int64_t Histogram::LowestOfSlot(size_t slot) const {
  int64_t bucket = static_cast<int64_t>(slot >> half_magnitude_) - 1;
  int64_t sub_bucket = static_cast<int64_t>(slot & (half_count_ - 1)) + half_count_;
  if (bucket < 0) {  // the lower half, which only bucket 0 has
    bucket = 0;
    sub_bucket -= half_count_;
  }
  return sub_bucket << (bucket + unit_magnitude_);
}

int64_t Histogram::WidthOfSlot(size_t slot) const {
  const int64_t bucket = std::max<int64_t>(static_cast<int64_t>(slot >> half_magnitude_) - 1, 0);
  return int64_t{1} << (bucket + unit_magnitude_);
}

int64_t Histogram::HighestOfSlot(size_t slot) const {
  return LowestOfSlot(slot) + WidthOfSlot(slot) - 1;
}

}  // namespace slipway::client
