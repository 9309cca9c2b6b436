#include "client/report/threshold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/report/format.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<Condition> condition = ParseCondition(text);
  return condition.ok() ? "no error" : std::string(condition.status().message());
}

/// What is found in `report`; its text, with the status in front when there is none.
Finding Judged(std::string_view text, const Report& report) {
  const absl::StatusOr<Condition> condition = ParseCondition(text);
  if (!condition.ok()) return {false, condition.status().ToString()};
  const absl::StatusOr<Finding> finding = Judge(*condition, report);
  return finding.ok() ? *finding : Finding{false, finding.status().ToString()};
}

TEST(ParseCondition, KnowsMetricsOperatorsAndUnits) {
  const absl::StatusOr<Condition> p99 = ParseCondition(" p99.9 >= 1.5 ms ");
  ASSERT_TRUE(p99.ok()) << p99.status();
  EXPECT_EQ(p99->quantity, Condition::Quantity::kPercentile);
  EXPECT_EQ(p99->percentile, 99.9);
  EXPECT_EQ(p99->op, Condition::Operator::kGreaterOrEqual);
  EXPECT_EQ(p99->value, 1.5e6);
  struct {
    const char* text;
    double value;
  } const kCases[] = {{"max<5ns", 5},
                      {"mean<5us", 5e3},
                      {"p50<5µs", 5e3},
                      {"lag_p99>1s", 1e9},
                      {"errors>0.1%", 0.001},
                      {"errors<=0.5", 0.5},
                      {"rate<1000/s", 1000},
                      {"throughput<10", 10},
                      {"server_cpu>40", 40},
                      {"generator_cpu>1ms", 1000},
                      {"cut_off>0", 0},
                      {"ratio(p99)>1.05", 1.05},
                      {"acknowledged_p99<1ms", 1e6}};
  for (const auto& test : kCases) {
    const absl::StatusOr<Condition> condition = ParseCondition(test.text);
    ASSERT_TRUE(condition.ok()) << condition.status();
    EXPECT_DOUBLE_EQ(condition->value, test.value) << test.text;
  }
}

TEST(ParseCondition, SaysWhatIsWrong) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("METRIC OP VALUE"));
  EXPECT_THAT(ErrorOf("p99=5ms"), HasSubstr("<, <=, > or >="));
  EXPECT_THAT(ErrorOf("p101>5ms"), AllOf(HasSubstr("no metric \"p101\""), HasSubstr("cut_off")));
  EXPECT_THAT(ErrorOf("pnan>5ms"), HasSubstr("no metric"));
  EXPECT_THAT(ErrorOf("ratio(errors)>1"), HasSubstr("no metric"));
  EXPECT_THAT(ErrorOf("p99>5"), HasSubstr("p99 takes a value in ns, us, ms or s"));
  EXPECT_THAT(ErrorOf("p99>"), HasSubstr("must be a number"));
  EXPECT_THAT(ErrorOf("max<" + std::string(400, '9') + "s"), HasSubstr("is too large"));
  EXPECT_THAT(ErrorOf("p99>-5ms"), HasSubstr("must be a number of at least 0, not \"-5ms\""));
  EXPECT_THAT(ErrorOf("p99>1.2.3ms"), HasSubstr("must be a number"));
  EXPECT_THAT(ErrorOf("errors>5ms"), HasSubstr("in % or as a share"));
  EXPECT_THAT(ErrorOf("throughput<5%"), HasSubstr("1000/s"));
  EXPECT_THAT(ErrorOf("ratio(p99)>5%"), HasSubstr("without a unit"));
}

// A check that nothing can fail is green for ever.
TEST(ParseCondition, SharesBeyondTheWholeAreRefused) {
  for (const char* text : {"errors>5", "errors>200%", "errors<101%", "errors>100%", "errors>1"}) {
    EXPECT_THAT(ErrorOf(text),
                AllOf(HasSubstr(text), HasSubstr("0% to 100%"), HasSubstr("a share from 0 to 1")));
  }
  for (const char* text : {"errors<100%", "errors>=100%", "errors>0.99", "errors>0", "cut_off>5"}) {
    EXPECT_EQ(ErrorOf(text), "no error") << text;
  }
}

TEST(ParseConditions, ReadsAnObjective) {
  const auto conditions = ParseConditions("p99<10ms, errors<0.1%");
  ASSERT_TRUE(conditions.ok()) << conditions.status();
  ASSERT_EQ(conditions->size(), 2u);
  EXPECT_EQ((*conditions)[1].text, "errors<0.1%");
  EXPECT_FALSE(ParseConditions("").ok());
  EXPECT_FALSE(ParseConditions("p99<10ms,").ok());
}

TEST(Judge, SaysTheValueThatWasFound) {
  const Report report = SampleRun();
  const Finding holds = Judged("p99>2ms", report);
  EXPECT_TRUE(holds.holds);
  EXPECT_EQ(holds.text, "p99 is 2.97 ms, which is > 2ms");
  const Finding passes = Judged("p99 > 5ms", report);
  EXPECT_FALSE(passes.holds);
  EXPECT_EQ(passes.text, "p99 is 2.97 ms, which is not > 5ms");
  EXPECT_TRUE(Judged("errors>0.06%", report).holds);
  EXPECT_FALSE(Judged("errors>0.07%", report).holds);
  EXPECT_TRUE(Judged("throughput<1500/s", report).holds);
  EXPECT_TRUE(Judged("server_cpu>=20us", report).holds);
  EXPECT_TRUE(Judged("max>=3ms", report).holds);
  EXPECT_TRUE(Judged("mean<1.6ms", report).holds);
  EXPECT_TRUE(Judged("cut_off<=0", report).holds);
}

TEST(Judge, OpenLoopHasMore) {
  const Report report = SampleOpenRun();
  EXPECT_TRUE(Judged("lag_p99<1ms", report).holds);
  EXPECT_TRUE(Judged("acknowledged_p99>500us", report).holds);
  EXPECT_EQ(Judged("cut_off>0", report).text, "cut_off is 7, which is > 0");
}

TEST(Judge, WhatWasNotMeasuredIsNoPass) {
  Report report = SampleRun();
  EXPECT_THAT(Judged("lag_p99>1ms", report).text,
              AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("lag_p99 was not measured")));
  EXPECT_THAT(Judged("p99.99>1ms", report).text, HasSubstr("too few samples, 3,000"));
  report.cells[0].trials[0].result.server_cpu.reset();
  EXPECT_THAT(Judged("server_cpu>1", report).text, HasSubstr("was not measured"));
  EXPECT_THAT(Judged("ratio(p99)>1", report).text, HasSubstr("was not measured"));
  EXPECT_THAT(Judged("errors>1%", Report()).text, HasSubstr("FAILED_PRECONDITION"));
}

TEST(Judge, PercentileIsOfAllTrialsOrOfThemTogether) {
  Report report = SampleRun();
  Cell& cell = report.cells[0];
  cell.trials = SampleCell(0, cell.load, {.median_us = 1000, .ok = 500}, 2).trials;
  cell.trials.push_back({2, 2, SampleTrial({.median_us = 9000, .ok = 2000})});
  const Tally merged = cell.Merged();
  const auto all = static_cast<double>(merged.ok_latency().ValueAt(99));
  EXPECT_THAT(Judged("p99>1ns", report).text, HasSubstr("p99 is " + FormatNanoseconds(all)));
}

TEST(Judge, AnyCellMayHold) {
  Report report = SampleComparison();
  Evaluate(&report);
  const Finding finding = Judged("server_cpu>50us", report);
  EXPECT_TRUE(finding.holds);
  EXPECT_THAT(finding.text, HasSubstr("REST: server_cpu is 6"));
}

TEST(Judge, RatioMustBeSure) {
  Report report = SampleComparison();
  Evaluate(&report);
  for (Ratio& ratio : report.ratios) {
    if (ratio.other == 1 && ratio.metric == Metric::kP99) ratio.ratio = {1.2, 1.1, 1.3, true};
  }
  EXPECT_TRUE(Judged("ratio(p99)>1.05", report).holds);
  EXPECT_THAT(Judged("ratio(p99)>1.05", report).text, HasSubstr("1.20 (1.10–1.30)"));
  EXPECT_FALSE(Judged("ratio(p99)>1.15", report).holds) << "the interval begins below";
  EXPECT_FALSE(Judged("ratio(p99)<1.25", report).holds);
  EXPECT_TRUE(Judged("ratio(p99)<1.35", report).holds);
  for (Cell& cell : report.cells) cell.trials.resize(3);
  Evaluate(&report);
  EXPECT_THAT(Judged("ratio(p99)>1.05", report).text, HasSubstr("needs 6 pairs of trials"));
}

TEST(Judge, RequestsThatWereCutOffAreErrors) {
  Report report = SampleRun();
  TrialResult& result = report.cells[0].trials[0].result;
  result.cut_off = 998;
  const absl::StatusOr<Condition> condition = ParseCondition("errors>20%");
  ASSERT_TRUE(condition.ok());
  absl::StatusOr<Finding> finding = Judge(*condition, report);
  ASSERT_TRUE(finding.ok()) << finding.status();
  EXPECT_TRUE(finding->holds);
  EXPECT_THAT(finding->text, HasSubstr("errors is 25 %"));
  // A server that hangs: nothing ended.
  result.tally = Tally();
  finding = Judge(*condition, report);
  ASSERT_TRUE(finding.ok()) << finding.status();
  EXPECT_THAT(finding->text, HasSubstr("errors is 100 %"));
}

}  // namespace
}  // namespace slipway::client
