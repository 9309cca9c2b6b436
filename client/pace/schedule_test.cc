#include "client/pace/schedule.h"

#include <chrono>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Schedule MustParse(const std::string& text) {
  absl::StatusOr<Schedule> schedule = ParseSchedule(text);
  EXPECT_TRUE(schedule.ok()) << schedule.status();
  return *std::move(schedule);
}

nanoseconds At(const Schedule& schedule, double mass) {
  const auto at = schedule.At(mass);
  EXPECT_TRUE(at.has_value()) << mass;
  return at.value_or(nanoseconds(-1));
}

TEST(Schedule, ConstantRate) {
  const Schedule schedule = Schedule::Constant(1000, seconds(2));
  EXPECT_EQ(schedule.duration(), seconds(2));
  EXPECT_EQ(schedule.arrivals(), 2000);
  for (int k = 0; k < 2000; ++k) ASSERT_EQ(At(schedule, k), milliseconds(k));
  EXPECT_FALSE(schedule.At(2000));
}

TEST(Schedule, WithoutAnEnd) {
  const Schedule schedule = Schedule::Constant(0.001, std::nullopt);
  EXPECT_EQ(schedule.duration(), nanoseconds::max());
  EXPECT_EQ(At(schedule, 1000), seconds(1'000'000));
  EXPECT_FALSE(schedule.At(1e12)) << "no time of 64 bits";
  EXPECT_EQ(schedule.CountBefore(nanoseconds::max()), 4'000'001);
}

// A million a second for eleven days: neither drift nor lost digits.
TEST(Schedule, TrillionsOfArrivalsDoNotDrift) {
  const Schedule schedule = Schedule::Constant(1'000'000, std::nullopt);
  EXPECT_EQ(At(schedule, 1e12), seconds(1'000'000));
  EXPECT_EQ(At(schedule, 1e12 - 1), seconds(1'000'000) - nanoseconds(1000));
  EXPECT_EQ(schedule.CountBefore(seconds(1'000'000)), 1'000'000'000'000);
  const Schedule thirds = Schedule::Constant(3, std::nullopt);
  EXPECT_EQ(At(thirds, 3'000'000'000), seconds(1'000'000'000));
}

TEST(Schedule, Steps) {
  const Schedule schedule = MustParse("10s@100, 5s@0 ,2s@50");
  EXPECT_EQ(schedule.duration(), seconds(17));
  EXPECT_EQ(schedule.arrivals(), 1100);
  EXPECT_EQ(At(schedule, 999), seconds(10) - milliseconds(10));
  EXPECT_EQ(At(schedule, 1000), seconds(15)) << "not in the pause";
  EXPECT_EQ(At(schedule, 1001), seconds(15) + milliseconds(20));
  EXPECT_EQ(schedule.CountBefore(seconds(10)), 1000);
  EXPECT_EQ(schedule.CountBefore(seconds(15)), 1000);
  EXPECT_EQ(schedule.CountBefore(seconds(15) + nanoseconds(1)), 1001);
  EXPECT_EQ(schedule.CountBefore(hours(1)), 1100);
}

// The integral of 100 + 30·t up to t.
TEST(Schedule, RampUp) {
  const Schedule schedule = MustParse("30s@100..1000");
  EXPECT_EQ(schedule.arrivals(), 16'500);
  nanoseconds last{-1};
  for (int k = 0; k < 16'500; ++k) {
    const nanoseconds at = At(schedule, k);
    ASSERT_GT(at, last) << k;
    const double seconds = std::chrono::duration<double>(at).count();
    ASSERT_NEAR(100 * seconds + 15 * seconds * seconds, k, 1e-5);
    last = at;
  }
  EXPECT_LT(last, seconds(30));
  EXPECT_EQ(schedule.CountBefore(seconds(10)), 2500);
  EXPECT_DOUBLE_EQ(schedule.MassBefore(seconds(10)), 2500);
}

TEST(Schedule, RampsFromAndToZero) {
  const Schedule schedule = MustParse("10s@0..1000,10s@1000..0");
  EXPECT_EQ(schedule.arrivals(), 10'000);
  EXPECT_EQ(At(schedule, 0), seconds(0));
  EXPECT_EQ(At(schedule, 5000), seconds(10));
  EXPECT_EQ(At(schedule, 2), milliseconds(200));
  EXPECT_EQ(At(schedule, 9998), seconds(20) - milliseconds(200));
  EXPECT_FALSE(schedule.At(10'000));
  EXPECT_EQ(schedule.CountBefore(seconds(20)), 10'000);
}

TEST(Schedule, RampThatIsNearlyLevel) {
  const Schedule schedule = MustParse("1000s@1000..1000.000001");
  EXPECT_NEAR(std::chrono::duration<double>(At(schedule, 500'000)).count(), 500, 1e-6);
}

TEST(Schedule, Bursts) {
  const Schedule schedule = MustParse("1s@10,+500,1s@10,+3,1s@0");
  EXPECT_EQ(schedule.duration(), seconds(3));
  EXPECT_EQ(schedule.arrivals(), 523);
  EXPECT_EQ(At(schedule, 9), milliseconds(900));
  for (int k = 10; k <= 510; ++k) ASSERT_EQ(At(schedule, k), seconds(1)) << k;
  EXPECT_EQ(At(schedule, 511), milliseconds(1100));
  EXPECT_EQ(At(schedule, 520), seconds(2));
  EXPECT_EQ(At(schedule, 522), seconds(2));
  EXPECT_EQ(schedule.CountBefore(seconds(1)), 10);
  EXPECT_EQ(schedule.MassBefore(seconds(1)), 10);
  EXPECT_EQ(schedule.MassBefore(seconds(1) + nanoseconds(1)), 510 + 1e-8);
  EXPECT_EQ(schedule.CountBefore(seconds(2)), 520);
}

TEST(Schedule, BurstAtTheBeginning) {
  const Schedule schedule = MustParse("+100,1s@0");
  EXPECT_EQ(At(schedule, 0), seconds(0));
  EXPECT_EQ(At(schedule, 99), seconds(0));
  EXPECT_FALSE(schedule.At(100));
}

// 1.1 · 10 is more than 11 in doubles.
TEST(Schedule, FractionsDoNotMakeOneMore) {
  const Schedule schedule = MustParse("1.1s@10");
  EXPECT_EQ(schedule.CountBefore(hours(1)), 11);
  EXPECT_FALSE(schedule.At(11));
}

TEST(Schedule, WarmUpGoesOnAtTheFirstRate) {
  const Schedule schedule = MustParse("+5,10s@100..200").WithWarmUp(seconds(2));
  EXPECT_EQ(schedule.duration(), seconds(12));
  EXPECT_EQ(At(schedule, 199), milliseconds(1990));
  EXPECT_EQ(At(schedule, 200), seconds(2));
  EXPECT_EQ(At(schedule, 204), seconds(2));
  EXPECT_EQ(schedule.CountBefore(seconds(2)), 200);
  EXPECT_EQ(schedule.arrivals(), 200 + 5 + 1500);
  EXPECT_EQ(MustParse("1s@5").WithWarmUp(seconds(0)).arrivals(), 5);
}

TEST(Schedule, FirstMeasuredRequestIsDueAtTheBeginning) {
  const Schedule schedule = Schedule::Constant(10, seconds(1)).WithWarmUp(milliseconds(1250));
  const int64_t warmup = schedule.CountBefore(milliseconds(1250));
  EXPECT_EQ(warmup, 13);
  EXPECT_EQ(At(schedule, static_cast<double>(warmup)), milliseconds(1250));
  EXPECT_EQ(schedule.CountBefore(hours(1)) - warmup, 10);
}

TEST(ParseSchedule, RefusesAndSaysWhatIsAllowed) {
  const std::string forms =
      "want DURATION@RATE, DURATION@FROM..TO or +N, such as 10s@100, 30s@100..1000 or +500";
  const std::string durations = "want one above 0 and up to 1000h, such as 500ms, 10s or 1m30s";
  const std::string rates = "want a number from 0 to 1000000000";
  const struct {
    std::string text;
    std::string error;
  } kCases[] = {
      {"", "part 1 \"\" of the schedule: " + forms},
      {"10s@1,", "part 2 \"\" of the schedule: " + forms},
      {"10s@1,5s", "part 2 \"5s\" of the schedule: " + forms},
      {"@5", "part 1 \"@5\" of the schedule: duration \"\": " + durations},
      {"0s@5", "part 1 \"0s@5\" of the schedule: duration \"0s\": " + durations},
      {"-1s@5", "part 1 \"-1s@5\" of the schedule: duration \"-1s\": " + durations},
      {"inf@5", "part 1 \"inf@5\" of the schedule: duration \"inf\": " + durations},
      {"10@5", "part 1 \"10@5\" of the schedule: duration \"10\": " + durations},
      {"1001h@5", "part 1 \"1001h@5\" of the schedule: duration \"1001h\": " + durations},
      {"1s@", "part 1 \"1s@\" of the schedule: rate \"\": " + rates},
      {"1s@-5", "part 1 \"1s@-5\" of the schedule: rate \"-5\": " + rates},
      {"1s@nan", "part 1 \"1s@nan\" of the schedule: rate \"nan\": " + rates},
      {"1s@1e10", "part 1 \"1s@1e10\" of the schedule: rate \"1e10\": " + rates},
      {"1s@5..", "part 1 \"1s@5..\" of the schedule: rate \"\": " + rates},
      {"1s@5...7", "part 1 \"1s@5...7\" of the schedule: rate \".7\": " + rates},
      {"+0,1s@1", "part 1 \"+0\" of the schedule: want + and a whole number from 1 to 1000000000"},
      {"+1.5,1s@1",
       "part 1 \"+1.5\" of the schedule: want + and a whole number from 1 to 1000000000"},
      {"+-5,1s@1",
       "part 1 \"+-5\" of the schedule: want + and a whole number from 1 to 1000000000"},
      {"1s@1, +5 ",
       "part 2 \"+5\" of the schedule: a burst cannot be the last part: add how long its answers "
       "are measured, such as 5s@0"},
      {"1h@1e9",
       "part 1 \"1h@1e9\" of the schedule: with it there are more than 1000000000000 requests, the "
       "most that is allowed"},
      {"600h@1,600h@1",
       "part 2 \"600h@1\" of the schedule: with it the schedule is longer than 1000h, the longest "
       "that is allowed"},
      {"1s@0,5s@0", "the schedule has no requests: all its rates are 0"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = ParseSchedule(c.text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.text;
    EXPECT_EQ(std::string(status.message()), c.error);
  }
}

}  // namespace
}  // namespace slipway::client
