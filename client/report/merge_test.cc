#include "client/report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/report/json_report.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

TEST(MergeReports, TrialsStartAfterTheEarliestReport) {
  using std::chrono::milliseconds;
  Report late = SampleRun(), early = SampleRun(), silent = SampleRun();
  late.started = "2026-11-21T21:00:05Z";
  early.started = "2026-11-21T21:00:03.500Z";
  silent.started = "";
  for (Report* report : {&late, &early, &silent}) {
    report->cells[0].trials[0].result.started = milliseconds(200);
  }
  const absl::StatusOr<Report> merged = MergeReports({late, early, silent});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->started, early.started);
  ASSERT_EQ(merged->cells[0].trials.size(), 3u);
  EXPECT_EQ(merged->cells[0].trials[0].result.started, milliseconds(1700));
  EXPECT_EQ(merged->cells[0].trials[1].result.started, milliseconds(200));
  EXPECT_EQ(merged->cells[0].trials[2].result.started, milliseconds(200));
  late.started = "9999-12-31T23:59:59Z";
  const absl::StatusOr<Report> far = MergeReports({early, late});
  ASSERT_TRUE(far.ok()) << far.status();
  EXPECT_TRUE(ParseReport(ReportJson(*far)).ok());
}

TEST(MergeReports, TheSameReportTwiceIsTold) {
  Report once = SampleComparison(), later = SampleComparison(), again = SampleComparison();
  later.started = "2027-01-01T00:00:00Z";
  const auto notices = [](const absl::StatusOr<Report>& merged) {
    std::string all;
    for (const Notice& notice : merged->notices) all += notice.text;
    return all;
  };
  EXPECT_THAT(notices(MergeReports({once, later, again})),
              HasSubstr("reports 1 and 3 are the same"));
  EXPECT_THAT(notices(MergeReports({once, later})), Not(HasSubstr("the same")));
  once.started = again.started = "";
  EXPECT_THAT(notices(MergeReports({once, again})), Not(HasSubstr("the same")));
}

TEST(MergeReports, OtherMachinesAreTold) {
  const auto told = [](const Report& report) {
    return std::count_if(report.notices.begin(), report.notices.end(), [](const Notice& notice) {
      return notice.text.find("different machines") != std::string::npos;
    });
  };
  Report other = SampleRun();
  other.machine.cpus = 64;
  other.notices.push_back({Notice::Level::kNote, "the server was restarted"});
  const absl::StatusOr<Report> merged = MergeReports({SampleRun(), other, other});
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(told(*merged), 1);
  EXPECT_EQ(
      std::count_if(merged->notices.begin(), merged->notices.end(),
                    [](const Notice& notice) { return notice.text == "the server was restarted"; }),
      1);
  EXPECT_EQ(told(*MergeReports({SampleRun(), SampleRun()})), 0);
}

TEST(MergeReports, MoreTrialsThanCanBeReadAgainAreRefused) {
  Report half = SampleRun();
  half.cells[0].trials.assign(kMostReportTrials / 2 + 1, ReportTrial{0, 0, TrialResult()});
  const absl::StatusOr<Report> merged = MergeReports({half, half});
  ASSERT_FALSE(merged.ok());
  EXPECT_THAT(std::string(merged.status().message()), HasSubstr("more than 2000 trials"));
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
