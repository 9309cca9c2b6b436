#include "client/measure/timeline.h"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

int64_t TotalOf(const Timeline& timeline) {
  int64_t sum = 0;
  for (const Timeline::Slice& slice : timeline.slices()) sum += slice.failed + slice.ok.count();
  return sum;
}

void ExpectSame(const Timeline& a, const Timeline& b) {
  ASSERT_EQ(a.interval(), b.interval());
  ASSERT_EQ(a.slices().size(), b.slices().size());
  for (size_t i = 0; i < a.slices().size(); ++i) {
    const Timeline::Slice& left = a.slices()[i];
    const Timeline::Slice& right = b.slices()[i];
    EXPECT_EQ(left.failed, right.failed) << "slice " << i;
    ASSERT_EQ(left.ok.count(), right.ok.count()) << "slice " << i;
    EXPECT_EQ(left.ok.min(), right.ok.min()) << "slice " << i;
    EXPECT_EQ(left.ok.max(), right.ok.max()) << "slice " << i;
    for (size_t slot = 0; slot < left.ok.slots(); ++slot) {
      ASSERT_EQ(left.ok.CountOfSlot(slot), right.ok.CountOfSlot(slot)) << i << ", " << slot;
    }
  }
}

TEST(Timeline, PutsEachEndIntoItsSlice) {
  Timeline timeline;
  timeline.Add(milliseconds(0), true, milliseconds(1));
  timeline.Add(milliseconds(999), true, milliseconds(2));
  timeline.Add(milliseconds(1000), false, milliseconds(3));
  timeline.Add(milliseconds(3500), true, milliseconds(4));
  timeline.Add(milliseconds(500), true, milliseconds(5));  // ends are not always told in order
  timeline.Add(milliseconds(-1), true, milliseconds(6));
  ASSERT_EQ(timeline.slices().size(), 4u);
  EXPECT_EQ(timeline.slices()[0].ok.count(), 3);
  EXPECT_EQ(timeline.slices()[0].ok.max(), 5'000'000);
  EXPECT_EQ(timeline.slices()[1].ok.count(), 0);
  EXPECT_EQ(timeline.slices()[1].failed, 1);
  EXPECT_EQ(timeline.slices()[2].ok.count(), 0);
  EXPECT_EQ(timeline.slices()[3].ok.count(), 1);
}

TEST(Timeline, StaysBounded) {
  Timeline timeline(milliseconds(10));
  for (int i = 0; i < 100'000; ++i) {
    timeline.Add(milliseconds(7 * i), i % 5 != 0, milliseconds(1));
    ASSERT_LE(timeline.slices().size(), Timeline::kMaxSlices);
  }
  EXPECT_EQ(TotalOf(timeline), 100'000);
  // 700 s in at most 300 slices: the first power of two times 10 ms that is enough.
  EXPECT_EQ(timeline.interval(), milliseconds(2560));
  EXPECT_EQ(timeline.slices().size(), 274u);
}

TEST(Timeline, JumpsOverALongSilence) {
  Timeline timeline;
  timeline.Add(seconds(1), true, milliseconds(1));
  timeline.Add(hours(24 * 365), true, milliseconds(1));
  EXPECT_LE(timeline.slices().size(), Timeline::kMaxSlices);
  EXPECT_EQ(TotalOf(timeline), 2);
  EXPECT_EQ(timeline.slices().front().ok.count(), 1);
  EXPECT_EQ(timeline.slices().back().ok.count(), 1);
  timeline.Add(nanoseconds::max(), false, milliseconds(1));
  EXPECT_EQ(TotalOf(timeline), 3);
}

// Threads see different ends, so their intervals may have doubled differently often.
TEST(Timeline, MergeEqualsTheWhole) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    Timeline whole(milliseconds(100)), parts[3] = {whole, whole, whole};
    std::lognormal_distribution<double> latency(13, 2);
    for (int i = 0; i < 2000; ++i) {
      const size_t part = random() % 3;
      // One sees 20 s, one 200 s, one 2000 s.
      const auto range = static_cast<uint64_t>(20e9 * std::pow(10, part));
      const nanoseconds at(random() % range);
      const nanoseconds time(std::llround(latency(random)));
      const bool ok = random() % 10 != 0;
      whole.Add(at, ok, time);
      parts[part].Add(at, ok, time);
    }
    const size_t first = random() % 3;
    Timeline merged = parts[first];
    merged.Merge(parts[(first + 1) % 3]);
    merged.Merge(parts[(first + 2) % 3]);
    ExpectSame(merged, whole);
  }
}

TEST(Timeline, MergeOfEmptyChangesNothing) {
  Timeline timeline, empty;
  timeline.Add(seconds(2), true, milliseconds(1));
  const Timeline before = timeline;
  timeline.Merge(empty);
  ExpectSame(timeline, before);
  empty.Merge(timeline);
  ExpectSame(empty, before);
}

TEST(Timeline, RestoreMakesForeignSlicesUsable) {
  std::vector<Timeline::Slice> slices(1000);
  for (Timeline::Slice& slice : slices) {
    slice.ok = Histogram();  // another range
    slice.ok.Record(5'000'000);
    slice.failed = 1;
  }
  Timeline timeline;
  timeline.Add(seconds(77), true, milliseconds(1));
  timeline.Restore(seconds(1), std::move(slices));
  EXPECT_EQ(timeline.interval(), seconds(4));
  ASSERT_EQ(timeline.slices().size(), 250u);
  EXPECT_EQ(TotalOf(timeline), 2000);
  EXPECT_EQ(timeline.slices()[7].ok.range(), Timeline::kRange);
  EXPECT_NEAR(timeline.slices()[7].ok.ValueAt(50), 5e6, 5e4);
  timeline.Add(seconds(9), true, milliseconds(5));
  EXPECT_EQ(timeline.slices()[2].ok.count(), 5);
  timeline.Restore(seconds(0), {});
  timeline.Add(seconds(9), true, milliseconds(1));
  EXPECT_EQ(TotalOf(timeline), 1);
}

}  // namespace
}  // namespace slipway::client
