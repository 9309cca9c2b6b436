#include "client/pace/open_loop.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "client/run/random_stream.h"

namespace slipway::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const rpc::Time kStart{std::chrono::hours(1)};

OpenLoop::Options Of(const Schedule& schedule, int thread = 0, int threads = 1) {
  return {.schedule = &schedule,
          .begin = kStart,
          .window = {kStart, rpc::Time::max()},
          .thread = thread,
          .threads = threads};
}

/// When all requests are due, for a user who is always on time.
std::vector<rpc::Time> AllOf(Pacer& pacer) {
  std::vector<rpc::Time> times;
  rpc::Time now = kStart;
  while (const std::optional<Due> due = pacer.Next(now, now)) {
    EXPECT_EQ(due->start, due->intended);
    times.push_back(due->intended);
    now = std::max(now, due->start);
  }
  return times;
}

TEST(SpacedArrivals, ThreadsMakeTheScheduleTogether) {
  const Schedule schedule = *ParseSchedule("1s@1000,+7,2s@100..900");
  std::vector<rpc::Time> together;
  for (int thread = 0; thread < 3; ++thread) {
    SpacedArrivals pacer(Of(schedule, thread, 3), 0);
    const std::vector<rpc::Time> times = AllOf(pacer);
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
    together.insert(together.end(), times.begin(), times.end());
  }
  std::sort(together.begin(), together.end());
  ASSERT_EQ(together.size(), 2007u);
  for (size_t k = 0; k < together.size(); ++k) {
    ASSERT_EQ(together[k], kStart + *schedule.At(static_cast<double>(k))) << k;
  }
}

TEST(SpacedArrivals, EndsWithTheWindow) {
  const Schedule schedule = Schedule::Constant(100, std::nullopt);
  OpenLoop::Options options = Of(schedule);
  options.window = {kStart, kStart + seconds(2)};
  SpacedArrivals pacer(options, 0);
  EXPECT_EQ(AllOf(pacer).size(), 200u);
}

TEST(SpacedArrivals, RequestsAreThoseOfTheWindow) {
  const Schedule schedule = Schedule::Constant(100, std::nullopt).WithWarmUp(seconds(1));
  size_t together = 0;
  for (int thread = 0; thread < 4; ++thread) {
    OpenLoop::Options options = Of(schedule, thread, 4);
    options.window.begin = kStart + seconds(1);
    SpacedArrivals pacer(options, 1003);
    for (const rpc::Time time : AllOf(pacer)) together += time >= options.window.begin;
  }
  EXPECT_EQ(together, 1003u);
}

TEST(SpacedArrivals, LateOnesStartAtOnce) {
  const Schedule schedule = Schedule::Constant(100, seconds(10));
  SpacedArrivals pacer(Of(schedule), 0);
  const rpc::Time late = kStart + seconds(1);
  for (int k = 0; k <= 100; ++k) {
    const Due due = *pacer.Next(late, late);
    EXPECT_EQ(due.intended, kStart + milliseconds(10 * k));
    EXPECT_EQ(due.start, due.intended);
  }
}

// A second late at 100 a second, caught up at 1.5 times that: 50 a second more, so after two
// seconds all is well again.
TEST(SpacedArrivals, CatchUpKeepsToItsSpeed) {
  const Schedule schedule = Schedule::Constant(100, seconds(100));
  OpenLoop::Options options = Of(schedule);
  options.catch_up = 1.5;
  SpacedArrivals pacer(options, 0);
  rpc::Time now = kStart;
  pacer.Next(now, now);
  now = kStart + seconds(1);
  pacer.Next(now, now);
  const rpc::Time stalled_until = now;
  rpc::Time last = now;
  rpc::Time on_time = rpc::Time::max();
  for (int k = 2; k < 1000; ++k) {
    const Due due = *pacer.Next(now, now);
    EXPECT_EQ(due.intended, kStart + milliseconds(10 * k)) << "the measure stays";
    EXPECT_GE(due.start, due.intended);
    EXPECT_GE(due.start - last, microseconds(6666));
    EXPECT_LE(due.start - last, milliseconds(10) + microseconds(1));
    if (due.start == due.intended) on_time = std::min(on_time, due.start);
    now = std::max(now, due.start);
    last = due.start;
  }
  EXPECT_NEAR(std::chrono::duration<double>(on_time - stalled_until).count(), 1.98, 0.05);
}

TEST(SpacedArrivals, CatchUpLeavesBurstsAlone) {
  const Schedule schedule = *ParseSchedule("1s@10,+50,1s@10");
  OpenLoop::Options options = Of(schedule);
  options.catch_up = 1;
  SpacedArrivals pacer(options, 0);
  EXPECT_EQ(AllOf(pacer).size(), 70u);
}

TEST(SpacedArrivals, SkipCountsTheRest) {
  const Schedule schedule = Schedule::Constant(100, seconds(10));
  for (int taken : {0, 1, 7, 250}) {
    int64_t skipped = 0;
    int64_t told = 0;
    for (int thread = 0; thread < 3; ++thread) {
      SpacedArrivals pacer(Of(schedule, thread, 3), 0);
      for (int i = 0; i < taken; ++i) {
        const Due due = *pacer.Next(kStart, kStart);
        told += due.intended >= kStart + seconds(2) && due.intended < kStart + seconds(8);
      }
      skipped += pacer.Skip(kStart + seconds(2), kStart + seconds(8));
    }
    EXPECT_EQ(told + skipped, 600) << taken;
  }
}

TEST(SpacedArrivals, SkipKnowsTheNumberOfRequests) {
  const Schedule schedule = Schedule::Constant(100, std::nullopt);
  SpacedArrivals pacer(Of(schedule), 50);
  EXPECT_EQ(pacer.Skip(kStart, rpc::Time::max()), 50);
  SpacedArrivals none(Of(schedule), 50);
  EXPECT_EQ(none.Skip(kStart + seconds(5), kStart + seconds(2)), 0);
}

// The count of a Poisson process has its mean as its variance; gaps vary as much as they last.
TEST(PoissonArrivals, MeanAndVarianceOfGaps) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const Schedule schedule = Schedule::Constant(1000, seconds(100));
  PoissonArrivals pacer(Of(schedule), nullptr, seed);
  const std::vector<rpc::Time> times = AllOf(pacer);
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  // Six standard deviations: a false alarm in a thousand million runs.
  EXPECT_NEAR(static_cast<double>(times.size()), 100'000, 6 * std::sqrt(100'000.0));
  double sum = 0, squares = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const double gap = std::chrono::duration<double, std::milli>(times[i] - times[i - 1]).count();
    sum += gap;
    squares += gap * gap;
  }
  const double count = static_cast<double>(times.size() - 1);
  const double mean = sum / count;
  EXPECT_NEAR(squares / count - mean * mean, 1, 6 * std::sqrt(8 / count));
}

TEST(PoissonArrivals, FollowsTheRate) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const Schedule schedule = *ParseSchedule("10s@0..10000,5s@0,1s@20000");
  PoissonArrivals pacer(Of(schedule), nullptr, seed);
  const std::vector<rpc::Time> times = AllOf(pacer);
  const auto count = [&](seconds from, seconds to) {
    return static_cast<double>(std::count_if(times.begin(), times.end(), [&](rpc::Time time) {
      return time >= kStart + from && time < kStart + to;
    }));
  };
  EXPECT_NEAR(count(seconds(0), seconds(5)), 12'500, 6 * std::sqrt(12'500.0));
  EXPECT_NEAR(count(seconds(5), seconds(10)), 37'500, 6 * std::sqrt(37'500.0));
  EXPECT_EQ(count(seconds(10), seconds(15)), 0);
  EXPECT_NEAR(count(seconds(15), seconds(16)), 20'000, 6 * std::sqrt(20'000.0));
}

TEST(PoissonArrivals, SameSeedSameTimesOfEachThread) {
  const Schedule schedule = Schedule::Constant(1000, seconds(1));
  const auto times = [&](uint64_t seed, int thread) {
    PoissonArrivals pacer(Of(schedule, thread, 2), nullptr, seed);
    return AllOf(pacer);
  };
  EXPECT_EQ(times(5, 0), times(5, 0));
  EXPECT_NE(times(5, 0), times(5, 1));
  EXPECT_NE(times(5, 0), times(6, 0));
}

// The same seed makes what requests have in them; a short gap must not come with a small value.
TEST(PoissonArrivals, GapsAndOtherRandomValuesAreIndependent) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const Schedule schedule = Schedule::Constant(1000, seconds(10));
  PoissonArrivals pacer(Of(schedule), nullptr, seed);
  const std::vector<rpc::Time> times = AllOf(pacer);
  for (const RandomPurpose purpose : {RandomPurpose::kTemplates, RandomPurpose::kScenarios}) {
    std::mt19937_64 random = RandomStream(seed, 0, purpose);
    // The shares of a gap that is shorter than the mean's ln 2 and of a value below the half: all
    // four combinations are a quarter each.
    int same = 0;
    rpc::Time last = kStart;
    for (const rpc::Time time : times) {
      const double gap = std::chrono::duration<double, std::milli>(time - last).count();
      const double value = std::generate_canonical<double, 53>(random);
      same += (gap < std::log(2.0)) == (value < 0.5) ? 1 : 0;
      last = time;
    }
    const double count = static_cast<double>(times.size());
    EXPECT_NEAR(same, count / 2, 6 * std::sqrt(count / 4));
  }
}

TEST(PoissonArrivals, BudgetIsExactOverThreads) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const Schedule schedule = Schedule::Constant(1000, std::nullopt).WithWarmUp(seconds(1));
  RequestBudget budget(12'345, 4);
  size_t together = 0;
  for (int thread = 0; thread < 4; ++thread) {
    OpenLoop::Options options = Of(schedule, thread, 4);
    options.window.begin = kStart + seconds(1);
    PoissonArrivals pacer(options, &budget, seed);
    for (const rpc::Time time : AllOf(pacer)) together += time >= options.window.begin;
  }
  EXPECT_EQ(together, 12'345u);
}

TEST(PoissonArrivals, SkipIsAboutTheRest) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const Schedule schedule = Schedule::Constant(1000, seconds(100));
  PoissonArrivals pacer(Of(schedule, 1, 2), nullptr, seed);
  EXPECT_NEAR(static_cast<double>(pacer.Skip(kStart + seconds(10), kStart + seconds(30))), 10'000,
              600);
  RequestBudget budget(100, 1);
  PoissonArrivals limited(Of(schedule), &budget, seed);
  limited.Next(kStart, kStart);
  EXPECT_EQ(limited.Skip(kStart, kStart + seconds(100)), 99);
  EXPECT_EQ(limited.Skip(kStart + seconds(9), kStart + seconds(9)), 0);
}

}  // namespace
}  // namespace slipway::client
