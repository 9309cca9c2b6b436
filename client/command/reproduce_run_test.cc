#include "client/command/reproduce_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using ::testing::HasSubstr;

TEST(ReproduceRun, ScalesOnlyTheQuickRun) {
  Report report;
  auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  const ReproduceRun run(/*quick=*/true, "", *std::move(scratch), &report);
  EXPECT_EQ(run.Scaled(std::chrono::seconds(5)), std::chrono::milliseconds(500));
}

TEST(ReproduceRun, IsNotCompleteWithoutARow) {
  Report report;
  auto scratch = ScratchDirectory::Make();
  ASSERT_TRUE(scratch.ok()) << scratch.status();
  ReproduceRun run(/*quick=*/true, "", *std::move(scratch), &report);
  EXPECT_TRUE(run.complete());
  run.NotMeasured("(a) 10,000 blocking workers", "too many open files");
  EXPECT_FALSE(run.complete());
  ASSERT_EQ(report.notices.size(), 1u);
  EXPECT_EQ(report.notices[0].level, Notice::Level::kWarning);
  EXPECT_THAT(report.notices[0].text, HasSubstr("10,000 blocking workers could not be measured"));
  EXPECT_THAT(report.notices[0].text, HasSubstr("too many open files"));
}

}  // namespace
}  // namespace slipway::client
