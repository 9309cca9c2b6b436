#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace slipway::client {

/// A histogram of non-negative integers (here: latencies in nanoseconds) with a fixed number of
/// significant decimal digits: recording is a shift and an increment, memory does not grow with the
/// number of samples, and histograms of several threads add up exactly.
///
/// The slots are those of HdrHistogram (bucket, sub-bucket, unit magnitude), so that its encodings
/// can carry the counts. One thread writes; a histogram that nobody writes may be read by all.
class alignas(64) Histogram {
 public:
  struct Range {
    /// Values below this need not be told apart; at least 1.
    int64_t lowest = 1;
    /// Larger values are recorded as this one.
    int64_t highest = 3'600'000'000'000;
    /// Significant decimal digits, 1 to 5.
    int digits = 3;

    friend bool operator==(const Range&, const Range&) = default;
  };

  /// True when a histogram can have this range: ranges from outside are checked with it.
  static bool IsPossible(const Range& range);
  /// How many slots it takes, 8 bytes each. `range` must be possible.
  static size_t SlotsFor(const Range& range);

  /// One nanosecond to one hour with three digits: 264 KiB.
  Histogram() : Histogram(Range{}) {}
  /// `range` must be possible.
  explicit Histogram(const Range& range);

  /// Values below 0 count as 0, values above range().highest as that.
  void Record(int64_t value) {
    if (value < 0) value = 0;
    if (value > highest_) value = highest_;
    ++counts_[SlotOf(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }

  /// Adds the samples of `other`: exactly when it has the same range(), else each at the middle of
  /// the slot it had.
  void Merge(const Histogram& other);

  /// Puts back what was written elsewhere: `count` (0 or more) samples into `slot` (below slots()).
  /// min(), max() and mean() become those of the slots, until RestoreExact says better.
  void AddToSlot(size_t slot, int64_t count);
  /// What min(), max() and mean() were. Ignored where it contradicts the slots.
  void RestoreExact(int64_t min, int64_t max, double mean);

  int64_t count() const { return count_; }
  /// The smallest, the largest and the average of the recorded values, exactly; 0 when empty.
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  /// The value that `percentile` percent (0 to 100) of the samples do not exceed, to the
  /// histogram's precision: that of the rank percentile / 100 · count(), rounded up, as current
  /// versions of HdrHistogram have it; the largest value of its slot, but never more than max(). 0
  /// when empty.
  int64_t ValueAt(double percentile) const;
  /// The same for the sample of this rank: 1 is the smallest, count() the largest.
  int64_t ValueAtRank(int64_t rank) const;
  /// The standard deviation of the slots' middles around mean(); 0 when empty.
  double Deviation() const;

  const Range& range() const { return range_; }
  /// The slots in order, and the values that share one.
  size_t slots() const { return counts_.size(); }
  /// How HdrHistogram calls its layout: buckets of twice the width each, and the slots of one.
  size_t buckets() const { return slots() / static_cast<size_t>(half_count_) - 1; }
  size_t sub_buckets() const { return static_cast<size_t>(half_count_) * 2; }
  int64_t CountOfSlot(size_t slot) const { return counts_[slot]; }
  int64_t LowestOfSlot(size_t slot) const;
  int64_t HighestOfSlot(size_t slot) const;
  int64_t MiddleOfSlot(size_t slot) const { return LowestOfSlot(slot) + WidthOfSlot(slot) / 2; }
  /// Of `value`, 0 to range().highest.
  size_t SlotOf(int64_t value) const {
    const auto bits = static_cast<uint64_t>(value);
    const int width = 64 - __builtin_clzll(bits | sub_bucket_mask_);
    const int bucket = width - unit_magnitude_ - (half_magnitude_ + 1);
    // Each bucket but the first has only an upper half of sub-buckets: the lower one would be the
    // bucket before it. So the halves line up.
    return (static_cast<size_t>(bucket) << half_magnitude_) + (bits >> (bucket + unit_magnitude_));
  }

 private:
  int64_t WidthOfSlot(size_t slot) const;
  void AddSlotsOf(const Histogram& other);

  // All that Record touches beside a count is in one cache line, which alignas makes whole.
  uint64_t sub_bucket_mask_;  // values within it are in bucket 0
  int32_t unit_magnitude_;    // log2 of the unit that values are counted in
  int32_t half_magnitude_;    // log2 of half the sub-buckets of a bucket
  int64_t highest_;           // range_.highest
  int64_t count_ = 0;
  int64_t min_ = INT64_MAX;
  int64_t max_ = 0;
  double sum_ = 0;
  std::vector<int64_t> counts_;  // its data pointer still is in the line
  int64_t half_count_;           // half the sub-buckets of a bucket
  Range range_;
};

}  // namespace slipway::client
