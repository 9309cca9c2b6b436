#include "client/report/names.h"

#include <gtest/gtest.h>

#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

TEST(Names, AreFoundAgain) {
  for (const LoadModel model :
       {LoadModel::kClosed, LoadModel::kConstant, LoadModel::kPoisson, LoadModel::kSchedule}) {
    EXPECT_EQ(FindModel(ModelName(model)), model);
  }
  for (const OutcomeKind kind :
       {OutcomeKind::kGrpcStatus, OutcomeKind::kHttpStatus, OutcomeKind::kTimeout,
        OutcomeKind::kConnect, OutcomeKind::kBroken, OutcomeKind::kUnexpected}) {
    EXPECT_EQ(FindKind(KindName(kind)), kind);
  }
  for (const Notice::Level level :
       {Notice::Level::kNote, Notice::Level::kWarning, Notice::Level::kInvalid}) {
    EXPECT_EQ(FindLevel(LevelName(level)), level);
  }
  for (const Metric metric : kAllMetrics) EXPECT_EQ(FindMetric(MetricName(metric)), metric);
  EXPECT_FALSE(FindModel("half").has_value());
  EXPECT_FALSE(FindMetric("").has_value());
}

TEST(SortName, IsTheCodeOrTheKind) {
  EXPECT_EQ(SortName(OutcomeKind::kGrpcStatus, 5), "NOT_FOUND");
  EXPECT_EQ(SortName(OutcomeKind::kHttpStatus, 503), "503");
  EXPECT_EQ(SortName(OutcomeKind::kBroken, 104), "broken");
  EXPECT_EQ(FindGrpcCode("NOT_FOUND"), 5);
  EXPECT_EQ(FindGrpcCode("OK"), 0);
  EXPECT_FALSE(FindGrpcCode("200").has_value());
}

TEST(LoadName, TellsLoadsApart) {
  LoadShape load = SampleLoad(1024);
  EXPECT_EQ(LoadName(load), "1,024 in flight");
  EXPECT_EQ(LoadTag(load), "c=1024");
  load.rate = 2500;
  load.model = LoadModel::kConstant;
  EXPECT_EQ(LoadName(load), "2,500/s");
  EXPECT_EQ(LoadTag(load), "r=2500");
  load.model = LoadModel::kPoisson;
  EXPECT_EQ(LoadName(load), "2,500/s Poisson");
  load.model = LoadModel::kSchedule;
  load.schedule = "100/s,10s";
  load.poisson = true;
  EXPECT_EQ(LoadName(load), "schedule 100/s,10s Poisson");
}

TEST(SameLoad, OverlooksConnectionsOnly) {
  LoadShape other = SampleLoad();
  other.connections = 2;
  EXPECT_TRUE(SameLoad(SampleLoad(), other));
  other.threads = 1;
  EXPECT_FALSE(SameLoad(SampleLoad(), other));
}

TEST(OneLine, HasNoControlCharactersAndNoHalfOnes) {
  EXPECT_EQ(OneLine("a\nb\tc\x7f\x1b[31m"), "a b c  [31m");
  EXPECT_EQ(OneLine("äöü", 6), "äöü");
  EXPECT_EQ(OneLine("äöü", 5), "äö");
  EXPECT_EQ(OneLine("äöü", 1), "");
}

}  // namespace
}  // namespace slipway::client
