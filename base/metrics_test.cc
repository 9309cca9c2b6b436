#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace slipway::base {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, SameLabelsSameSeries) {
  Metrics metrics;
  Counter& ok = metrics.GetCounter("slipway_calls_total", "Calls.", {{"code", "OK"}});
  Counter& gone = metrics.GetCounter("slipway_calls_total", "Calls.", {{"code", "CANCELLED"}});
  EXPECT_EQ(&ok, &metrics.GetCounter("slipway_calls_total", "Other.", {{"code", "OK"}}));
  EXPECT_NE(&ok, &gone);
}

TEST(Metrics, TextFormat) {
  Metrics metrics;
  metrics.GetCounter("slipway_calls_total", "Calls.", {{"code", "OK"}}).Increment(3);
  metrics.GetGauge("slipway_open", "Open.").Set(-2);
  metrics.AddGaugeCallback("slipway_queue", "Queue.", {}, [] { return 7.5; });
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("# HELP slipway_calls_total Calls.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE slipway_calls_total counter\n"));
  EXPECT_THAT(text, HasSubstr("slipway_calls_total{code=\"OK\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("slipway_open -2\n"));
  EXPECT_THAT(text, HasSubstr("slipway_queue 7.5\n"));
}

TEST(Metrics, LabelValuesAreEscaped) {
  Metrics metrics;
  metrics.GetCounter("slipway_x_total", "X.", {{"path", "a\"b\\c\nd"}});
  EXPECT_THAT(metrics.Serialize(), HasSubstr("{path=\"a\\\"b\\\\c\\nd\"} 0\n"));
}

TEST(Metrics, CounterFromManyThreads) {
  Metrics metrics;
  constexpr int kThreads = 4;
  constexpr int kEach = 10'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&metrics] {
      Counter& counter = metrics.GetCounter("slipway_n_total", "N.");
      Histogram& histogram = metrics.GetHistogram("slipway_n_seconds", "N.");
      for (int n = 0; n < kEach; ++n) {
        counter.Increment();
        histogram.Observe(0.25);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(metrics.GetCounter("slipway_n_total", "").Value(), kThreads * kEach);
  EXPECT_EQ(metrics.GetHistogram("slipway_n_seconds", "").Count(), kThreads * kEach);
  EXPECT_EQ(metrics.GetHistogram("slipway_n_seconds", "").Sum(), kThreads * kEach / 4);
}

TEST(Histogram, BoundsAreInclusiveAndCumulative) {
  Metrics metrics;
  const double bounds[] = {1, 2};
  Histogram& histogram = metrics.GetHistogram("slipway_h", "H.", {}, bounds);
  for (const double value : {0.5, 1.0, 1.5, 2.0, 3.0}) histogram.Observe(value);
  const std::string text = metrics.Serialize();
  EXPECT_THAT(text, HasSubstr("slipway_h_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("slipway_h_bucket{le=\"2\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("slipway_h_bucket{le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("slipway_h_count 5\n"));
  EXPECT_THAT(text, HasSubstr("slipway_h_sum 8\n"));
}

TEST(Histogram, LatenciesAreSeconds) {
  Histogram histogram(LatencyBounds());
  histogram.Observe(absl::Milliseconds(1500));
  EXPECT_EQ(histogram.Count(), 1u);
  EXPECT_DOUBLE_EQ(histogram.Sum(), 1.5);
}

TEST(MetricsDeathTest, MistakesEndTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Metrics metrics;
  metrics.GetCounter("slipway_a_total", "A.");
  EXPECT_DEATH(metrics.GetGauge("slipway_a_total", "A."), "two kinds");
  EXPECT_DEATH(metrics.GetCounter("bad-name", "B."), "bad name");
  EXPECT_DEATH(metrics.GetCounter("slipway_b_total", "B.", {{"9", "x"}}), "bad name");
}

}  // namespace
}  // namespace slipway::base
