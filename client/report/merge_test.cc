#include "client/report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::HasSubstr;

TEST(MergeReports, TrialsBecomeFurtherBlocks) {
  const absl::StatusOr<Report> merged =
      MergeReports({SampleComparison(), SampleComparison(), SampleComparison()});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->command, "merge");
  ASSERT_EQ(merged->targets.size(), 2u);
  ASSERT_EQ(merged->cells.size(), 3u);
  std::vector<int> orders;
  for (const Cell& cell : merged->cells) {
    ASSERT_EQ(cell.trials.size(), 27u);
    for (int i = 0; i < 27; ++i) EXPECT_EQ(cell.trials[static_cast<size_t>(i)].block, i);
    for (const ReportTrial& trial : cell.trials) orders.push_back(trial.order);
  }
  std::sort(orders.begin(), orders.end());
  EXPECT_EQ(std::unique(orders.begin(), orders.end()), orders.end());
  ASSERT_FALSE(merged->ratios.empty());
  EXPECT_EQ(merged->ratios[0].pairs, 27);
}

TEST(MergeReports, TargetsMeetUnderNewNumbers) {
  Report rest = SampleRun();
  rest.targets = {SampleRestTarget()};
  rest.cells[0].load = SampleLoad();
  const absl::StatusOr<Report> merged = MergeReports({SampleComparison(), rest});
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->cells.size(), 3u);
  EXPECT_EQ(merged->cells[1].target, 1u);
  EXPECT_EQ(merged->cells[1].trials.size(), 10u);
  EXPECT_EQ(merged->ratios[0].pairs, 9) << "trials of different reports are no pairs";
}

TEST(MergeReports, SameNameElsewhereIsAnotherTarget) {
  Report other = SampleComparison();
  other.targets[1].url = "http://127.0.0.1:9999/users";
  const absl::StatusOr<Report> merged = MergeReports({SampleComparison(), other, other});
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->targets.size(), 3u);
  EXPECT_EQ(merged->targets[2].name, "REST (2)");
  EXPECT_EQ(merged->cells.size(), 4u);
}

TEST(MergeReports, TellsWhatDoesNotFit) {
  Report other = SampleComparison();
  other.targets[1].protocol = "http/2";
  const absl::StatusOr<Report> merged = MergeReports({SampleComparison(), other});
  ASSERT_FALSE(merged.ok());
  EXPECT_THAT(std::string(merged.status().message()), HasSubstr("REST"));
  EXPECT_EQ(MergeReports({}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::client
