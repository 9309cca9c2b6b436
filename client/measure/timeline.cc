#include "client/measure/timeline.h"

#include <algorithm>
#include <utility>

namespace slipway::client {
namespace {

void AddSlice(const Timeline::Slice& from, Timeline::Slice* to) {
  to->failed += from.failed;
  to->ok.Merge(from.ok);
}

}  // namespace

Timeline::Timeline(std::chrono::nanoseconds interval)
    : interval_(std::max(interval, std::chrono::nanoseconds(1))) {}

Timeline::Slice& Timeline::SliceAt(std::chrono::nanoseconds at) {
  if (at < begin_ || at >= end_) Seek(at);
  return slices_[current_];
}

void Timeline::Seek(std::chrono::nanoseconds at) {
  while (at / interval_ >= static_cast<int64_t>(kMaxSlices)) Double();
  current_ = static_cast<size_t>(at / interval_);
  if (current_ >= slices_.size()) slices_.resize(current_ + 1);
  begin_ = at - at % interval_;
  // No later than the clock can tell: the last slice may reach beyond.
  end_ = begin_ + std::min(interval_, std::chrono::nanoseconds::max() - begin_);
}

void Timeline::Add(std::chrono::nanoseconds at, bool ok, std::chrono::nanoseconds latency) {
  if (at.count() < 0) return;
  Slice& slice = SliceAt(at);
  if (ok) {
    slice.ok.Record(latency.count());
  } else {
    ++slice.failed;
  }
}

void Timeline::Merge(const Timeline& other) {
  while (interval_ < other.interval_) Double();
  // From here on each of the other's slices lies within one of ours.
  for (size_t i = 0; i < other.slices_.size(); ++i) {
    AddSlice(other.slices_[i], &SliceAt(other.interval_ * static_cast<int64_t>(i)));
  }
}

void Timeline::Restore(std::chrono::nanoseconds interval, std::vector<Slice> slices) {
  interval_ = std::max(interval, std::chrono::nanoseconds(1));
  slices_ = std::move(slices);
  end_ = begin_ = std::chrono::nanoseconds(0);
  for (Slice& slice : slices_) {
    if (slice.ok.range() == kRange) continue;
    Histogram converted(kRange);
    converted.Merge(slice.ok);
    slice.ok = std::move(converted);
  }
  while (slices_.size() > kMaxSlices) Double();
}

void Timeline::Double() {
  interval_ *= 2;
  end_ = begin_ = std::chrono::nanoseconds(0);  // current_ is another slice now
  const size_t left = (slices_.size() + 1) / 2;
  for (size_t i = 0; i < left; ++i) {
    if (i > 0) slices_[i] = std::move(slices_[2 * i]);
    if (2 * i + 1 < slices_.size()) AddSlice(slices_[2 * i + 1], &slices_[i]);
  }
  slices_.resize(left);
}

}  // namespace slipway::client
