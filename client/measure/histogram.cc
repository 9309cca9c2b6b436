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

int UnitMagnitude(int64_t lowest) { return 63 - __builtin_clzll(static_cast<uint64_t>(lowest)); }

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

bool Histogram::IsPossible(const Range& range) {
  if (range.digits < 1 || range.digits > 5 || range.lowest < 1) return false;
  if (range.highest / 2 < range.lowest) return false;
  return UnitMagnitude(range.lowest) + SubBucketMagnitude(range.digits) <= 62;
}

size_t Histogram::SlotsFor(const Range& range) {
  const int64_t sub_buckets = int64_t{1} << SubBucketMagnitude(range.digits);
  const size_t buckets = BucketsFor(range.highest, sub_buckets, UnitMagnitude(range.lowest));
  return (buckets + 1) * static_cast<size_t>(sub_buckets / 2);
}

Histogram::Histogram(const Range& range) : highest_(range.highest), range_(range) {
  assert(IsPossible(range));
  const int magnitude = SubBucketMagnitude(range.digits);
  const int64_t sub_buckets = int64_t{1} << magnitude;
  unit_magnitude_ = UnitMagnitude(range.lowest);
  half_magnitude_ = magnitude - 1;
  half_count_ = sub_buckets / 2;
  sub_bucket_mask_ = static_cast<uint64_t>(sub_buckets - 1) << unit_magnitude_;
  counts_.resize(SlotsFor(range));
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  AddSlotsOf(other);
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min({min_, other.min_, range_.highest});
  max_ = std::max(max_, std::min(other.max_, HighestOfSlot(slots() - 1)));
}

void Histogram::AddSlotsOf(const Histogram& other) {
  if (range_ == other.range_) {
    for (size_t slot = 0; slot < counts_.size(); ++slot) counts_[slot] += other.counts_[slot];
    return;
  }
  for (size_t slot = 0; slot < other.slots(); ++slot) {
    if (other.counts_[slot] == 0) continue;
    const int64_t value = std::clamp(other.MiddleOfSlot(slot), other.min_, other.max_);
    counts_[SlotOf(std::min(value, range_.highest))] += other.counts_[slot];
  }
}

void Histogram::AddToSlot(size_t slot, int64_t count) {
  assert(slot < slots() && count >= 0);
  if (count == 0) return;
  counts_[slot] += count;
  count_ += count;
  sum_ += static_cast<double>(MiddleOfSlot(slot)) * static_cast<double>(count);
  min_ = std::min(min_, LowestOfSlot(slot));
  max_ = std::max(max_, HighestOfSlot(slot));
}

void Histogram::RestoreExact(int64_t min, int64_t max, double mean) {
  if (count_ == 0 || min < 0 || max < min || max > max_) return;
  if (SlotOf(min) != SlotOf(min_) || SlotOf(max) != SlotOf(max_)) return;
  min_ = min;
  max_ = max;
  // The mean passes through text and sums of other orders: allow it to be off by a rounding.
  const double slack = static_cast<double>(max) * 1e-9;
  if (mean >= static_cast<double>(min) - slack && mean <= static_cast<double>(max) + slack) {
    sum_ = mean * static_cast<double>(count_);
  }
}

int64_t Histogram::ValueAt(double percentile) const {
  // A rounding of the product must not lead to the next rank, so the percentile is a bit less.
  const double less = std::nextafter(std::clamp(percentile, 0.0, 100.0), -1.0);
  return ValueAtRank(static_cast<int64_t>(std::ceil(less * static_cast<double>(count_) / 100)));
}

int64_t Histogram::ValueAtRank(int64_t rank) const {
  if (count_ == 0) return 0;
  const int64_t target = std::clamp<int64_t>(rank, 1, count_);
  int64_t seen = 0;
  for (size_t slot = SlotOf(min_); slot < counts_.size(); ++slot) {
    seen += counts_[slot];
    if (seen >= target) return std::min(HighestOfSlot(slot), max_);
  }
  return max_;
}

double Histogram::Deviation() const {
  if (count_ == 0) return 0;
  double squares = 0;
  for (size_t slot = SlotOf(min_); slot < counts_.size(); ++slot) {
    const double off = static_cast<double>(MiddleOfSlot(slot)) - mean();
    if (counts_[slot] != 0) squares += off * off * static_cast<double>(counts_[slot]);
  }
  return std::sqrt(squares / static_cast<double>(count_));
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
  return LowestOfSlot(slot) + (WidthOfSlot(slot) - 1);
}

}  // namespace slipway::client
