#include "client/report/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/report/notices.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Ratio* RatioBetween(const Report& report, size_t base, size_t other, Metric metric) {
  for (const Ratio& ratio : report.ratios) {
    if (ratio.base == base && ratio.other == other && ratio.metric == metric) return &ratio;
  }
  return nullptr;
}

std::vector<std::string> Texts(const Report& report) {
  std::vector<std::string> texts;
  for (const Notice& notice : report.notices) texts.push_back(notice.text);
  return texts;
}

TEST(Evaluate, PairsTrialsOfTheSameBlock) {
  Report report = SampleComparison();
  Evaluate(&report);
  const Ratio* const ratio = RatioBetween(report, 0, 1, Metric::kThroughput);
  ASSERT_NE(ratio, nullptr);
  EXPECT_EQ(ratio->pairs, 9);
  EXPECT_TRUE(ratio->ratio.is_interval);
  EXPECT_NEAR(ratio->ratio.value, 0.7, 0.03);
  EXPECT_LT(ratio->ratio.high, 1);
  EXPECT_NE(RatioBetween(report, 0, 2, Metric::kThroughput), nullptr) << "the guard";
  EXPECT_EQ(RatioBetween(report, 1, 0, Metric::kThroughput), nullptr);
  // Without the block of one there is one pair less.
  report.cells[1].trials.erase(report.cells[1].trials.begin() + 4);
  Evaluate(&report);
  EXPECT_EQ(RatioBetween(report, 0, 1, Metric::kThroughput)->pairs, 8);
}

// The pairs that happen to have enough samples would say something else than all of them.
TEST(Evaluate, PercentilesAreComparedInAllPairsOrNone) {
  Report report = SampleComparison();
  Evaluate(&report);
  ASSERT_NE(RatioBetween(report, 0, 1, Metric::kP99), nullptr);
  report.cells[1].trials[4].result = SampleTrial({.ok = 500, .grpc = false});
  Evaluate(&report);
  EXPECT_EQ(RatioBetween(report, 0, 1, Metric::kP99), nullptr);
  EXPECT_EQ(RatioBetween(report, 0, 1, Metric::kP50)->pairs, 9);
}

TEST(Evaluate, SaysWhatDiffersAndWhatDoesNot) {
  Report report = SampleComparison();
  Evaluate(&report);
  EXPECT_THAT(report.verdicts, Contains(AllOf(HasSubstr("REST serves 0.69"),
                                              HasSubstr(" × gRPC's requests per second"),
                                              HasSubstr("95 % interval"), HasSubstr("9 pairs"))));
  EXPECT_THAT(report.verdicts,
              Contains(AllOf(HasSubstr("REST's server needs 1.6"), HasSubstr("requests per CPU"))));
  EXPECT_THAT(report.verdicts, Contains(HasSubstr("gRPC against itself")));
  // The guard has the same trials as what it repeats.
  report.cells[1].trials = report.cells[0].trials;
  Evaluate(&report);
  EXPECT_THAT(report.verdicts, Contains(HasSubstr("p99: no difference between REST and gRPC")));
}

TEST(Evaluate, FewPairsAreNotSure) {
  Report report = SampleComparison();
  for (Cell& cell : report.cells) cell.trials.resize(1);
  Evaluate(&report);
  EXPECT_THAT(report.verdicts, Contains(HasSubstr("(one pair: too few to be sure)")));
  EXPECT_THAT(report.verdicts, Not(Contains(HasSubstr("against itself"))));
}

TEST(Evaluate, LoadsMeetWhateverTheConnections) {
  Report report = SampleComparison();
  ASSERT_NE(report.cells[0].load.connections, report.cells[1].load.connections);
  Evaluate(&report);
  EXPECT_NE(RatioBetween(report, 0, 1, Metric::kP50), nullptr);
  report.cells[1].load.concurrency = 65;
  Evaluate(&report);
  EXPECT_EQ(RatioBetween(report, 0, 1, Metric::kP50), nullptr);
}

TEST(Evaluate, SweepHasAKnee) {
  Report report = SampleSweep();
  Evaluate(&report);
  ASSERT_EQ(SweepOf(report, 0).size(), 6u);
  const std::optional<size_t> knee = KneeOf(report, 0);
  ASSERT_TRUE(knee.has_value());
  EXPECT_EQ(report.cells[*knee].load.concurrency, 64u);
  EXPECT_THAT(report.verdicts, Contains(HasSubstr("gRPC's throughput grows until 64 in flight")));
  EXPECT_FALSE(KneeOf(SampleComparison(), 0).has_value());
  // A sentence for one load only.
  EXPECT_EQ(std::count_if(report.verdicts.begin(), report.verdicts.end(),
                          [](const std::string& verdict) {
                            return verdict.find("REST serves") != std::string::npos;
                          }),
            1);
}

// A dip is no end of the growth, and recovering from it is none.
TEST(Evaluate, KneeIsWhereNoSmallerLevelServedMore) {
  Report report = SampleSweep();
  const auto scale = [&report](uint32_t concurrency, double factor) {
    for (Cell& cell : report.cells) {
      if (cell.load.concurrency != concurrency) continue;
      for (ReportTrial& trial : cell.trials) {
        trial.result.window.ok = std::llround(static_cast<double>(trial.result.window.ok) * factor);
      }
    }
  };
  scale(256, 0.5);
  EXPECT_EQ(report.cells[*KneeOf(report, 0)].load.concurrency, 64u);
  scale(1024, 1.3);
  EXPECT_EQ(report.cells[*KneeOf(report, 0)].load.concurrency, 1024u);
}

TEST(Evaluate, NoticesOfOthersStayAndNoneIsThereTwice) {
  Report report = SampleRun();
  report.cells[0].trials[0].result.cut_off = 7;
  report.notices.push_back({Notice::Level::kNote, "the server was restarted"});
  report.notices.push_back({Notice::Level::kInvalid, "part (c) failed"});
  Evaluate(&report);
  const std::vector<std::string> texts = Texts(report);
  EXPECT_THAT(texts, ElementsAre("part (c) failed", HasSubstr("7 requests had not ended"),
                                 "the server was restarted"));
  Evaluate(&report);
  EXPECT_EQ(Texts(report), texts);
  // What was found is found no more when it is not so.
  report.cells[0].trials[0].result.cut_off = 0;
  Evaluate(&report);
  EXPECT_THAT(Texts(report), ElementsAre("part (c) failed", "the server was restarted"));
}

TEST(Evaluate, SearchSaysWhatItFound) {
  Report report = SampleSearch();
  Evaluate(&report);
  EXPECT_THAT(report.verdicts,
              Contains(HasSubstr("The highest load that met p99<10ms,errors<0.1% was 1,000/s")));
  report.best.reset();
  Evaluate(&report);
  EXPECT_THAT(report.verdicts, Contains(HasSubstr("No load that was tried met p99<10ms")));
}

TEST(Evaluate, EmptyReportsAndCellsAreNothingToSpeakOf) {
  Report report;
  Evaluate(&report);
  EXPECT_THAT(report.verdicts, IsEmpty());
  report = SampleComparison();
  for (Cell& cell : report.cells) cell.trials.clear();
  Evaluate(&report);
  EXPECT_THAT(report.ratios, IsEmpty());
  EXPECT_THAT(report.notices, IsEmpty());
}

class NoticesTest : public ::testing::Test {
 protected:
  NoticesTest() {
    TrialResult trial = SampleTrial({});
    Cell cell{.load = SampleLoad()};
    cell.trials.push_back({0, 0, std::move(trial)});
    report_ = SampleHead("run");
    report_.targets = {SampleGrpcTarget()};
    report_.cells.push_back(std::move(cell));
  }
  TrialResult& result() { return report_.cells[0].trials[0].result; }
  LoadShape& load() { return report_.cells[0].load; }
  const std::vector<Notice>& Evaluated() {
    Evaluate(&report_);
    return report_.notices;
  }
  /// The only notice.
  Notice Only() {
    EXPECT_EQ(Evaluated().size(), 1u) << ::testing::PrintToString(Texts(report_));
    return report_.notices.empty() ? Notice{} : report_.notices[0];
  }

  Report report_;
};

TEST_F(NoticesTest, GoodRunHasNone) { EXPECT_THAT(Texts((Evaluated(), report_)), IsEmpty()); }

TEST_F(NoticesTest, GeneratorIsTheBottleneck) {
  result().generator_cpu = milliseconds(5900);
  EXPECT_EQ(Only().level, Notice::Level::kInvalid);
  EXPECT_THAT(Only().text, HasSubstr("bottleneck: it used 98 %"));
  result().generator_cpu = milliseconds(5200);
  EXPECT_EQ(Only().level, Notice::Level::kWarning);
  EXPECT_THAT(Only().text, HasSubstr("87 %"));
}

TEST_F(NoticesTest, OneThreadIsTheBottleneck) {
  result().generator_cpu = milliseconds(3000);
  result().busiest_thread_share = 0.99;
  EXPECT_EQ(Only().level, Notice::Level::kInvalid);
  EXPECT_THAT(Only().text, HasSubstr("it used 50 % of its threads (its busiest thread used 99 %)"));
  result().busiest_thread_share = 0.87;
  EXPECT_EQ(Only().level, Notice::Level::kWarning);
}

TEST_F(NoticesTest, MachineIsBusy) {
  result().waited = milliseconds(1800);
  EXPECT_THAT(Only().text, HasSubstr("waited for a core 30 %"));
  result().waited = milliseconds(0);
  result().steal = milliseconds(120);
  EXPECT_THAT(Only().text, HasSubstr("the hypervisor took 2.0 %"));
}

TEST_F(NoticesTest, ScheduleIsNotKept) {
  load().model = LoadModel::kConstant;
  load().rate = 1000;
  for (int i = 0; i < 3000; ++i) result().tally.Record(Series::kLag, milliseconds(5));
  EXPECT_THAT(Only().text, HasSubstr("requests started late, by 5.0"));
  result().offered = 4000;
  ASSERT_EQ(Evaluated().size(), 2u);
  EXPECT_THAT(Texts(report_), Contains(AllOf(HasSubstr("only 75 %"), HasSubstr("all 64"))));
  result().generator_cpu = milliseconds(5900);
  EXPECT_THAT((Evaluated(), Texts(report_)), Contains(HasSubstr("no CPU time left")));
}

TEST_F(NoticesTest, RequestsWaitForStreams) {
  for (int i = 0; i < 300; ++i) result().tally.Record(Series::kStreamWait, milliseconds(2));
  EXPECT_EQ(Only().level, Notice::Level::kWarning);
  EXPECT_THAT(Only().text, AllOf(HasSubstr("300 requests (10 %) waited"), HasSubstr("2.0")));
}

TEST_F(NoticesTest, FailuresCutOffAndInterruption) {
  report_.cells[0].trials[0].result = SampleTrial({.unavailable = 30});
  EXPECT_THAT(Only().text,
              HasSubstr("1.0 % of the requests failed (30 of 3,030), mostly UNAVAILABLE"));
  report_.cells[0].trials[0].result = SampleTrial({});
  result().cut_off = 1;
  EXPECT_THAT(Only().text, HasSubstr("1 request had not ended"));
  result().cut_off = 0;
  result().interrupted = true;
  EXPECT_THAT(Only().text, HasSubstr("interrupted"));
}

TEST_F(NoticesTest, FewSamplesAreANote) {
  report_.cells[0].trials[0].result = SampleTrial({.ok = 999});
  EXPECT_EQ(Only().level, Notice::Level::kNote);
  EXPECT_THAT(Only().text, HasSubstr("1,000 successes in each trial; there were 999"));
}

TEST_F(NoticesTest, NothingMeasured) {
  report_.cells[0].trials[0].result = TrialResult();
  EXPECT_THAT(Only().text, HasSubstr("no request ended"));
}

TEST_F(NoticesTest, HalvesOfATrialDiffer) {
  result().elapsed = seconds(4);
  result().timeline = Timeline(seconds(1));
  for (int i = 0; i < 4000; ++i) {
    result().timeline.Add(milliseconds(i % 10 < 6 ? i % 2000 : 2000 + i % 2000), true,
                          milliseconds(1));
  }
  ASSERT_TRUE(DriftOf(result()).has_value());
  EXPECT_NEAR(*DriftOf(result()), -1.0 / 3, 0.01);
  EXPECT_THAT(Only().text, HasSubstr("up to 33 % less than the first"));
  load().model = LoadModel::kSchedule;
  EXPECT_THAT(Evaluated(), IsEmpty()) << "a schedule is meant to change";
}

TEST(Notices, GuardThatDiffersInvalidates) {
  Report report = SampleComparison();
  for (ReportTrial& trial : report.cells[2].trials) {
    trial.result.window.ok = trial.result.window.ok * 12 / 10;
  }
  Evaluate(&report);
  ASSERT_FALSE(report.notices.empty());
  EXPECT_EQ(report.notices[0].level, Notice::Level::kInvalid);
  EXPECT_THAT(report.notices[0].text,
              AllOf(HasSubstr("measured twice differs"), HasSubstr("throughput")));
}

/// Trials as a shared machine makes them: each block has a speed of its own, each number of each
/// trial noise, and one in ten numbers was disturbed by somebody.
class NoisyTrials {
 public:
  explicit NoisyTrials(uint64_t seed) : random_(seed) {}

  /// One target against itself in nine blocks; the second cell is `slower` times as slow.
  Report GuardOfNine(double slower) {
    Report report = SampleHead("compare");
    report.seed = random_();
    report.targets = {SampleGrpcTarget()};
    report.cells = {Cell{.load = SampleLoad()}, Cell{.load = SampleLoad(), .is_guard = true}};
    for (int block = 0; block < 9; ++block) {
      const double speed = drift_(random_);
      report.cells[0].trials.push_back({block, 2 * block, Trial(speed)});
      report.cells[1].trials.push_back({block, 2 * block + 1, Trial(speed + std::log(slower))});
    }
    return report;
  }

 private:
  double Noisy(double value, double slow) {
    const double disturbance = disturbed_(random_) ? std::fabs(disturbance_(random_)) : 0;
    return value * std::exp(slow + noise_(random_) + disturbance);
  }

  TrialResult Trial(double slow) {
    TrialResult result;
    result.elapsed = seconds(3);
    const double median = Noisy(1e6, slow), slower = Noisy(2e6, slow), tail = Noisy(4e6, slow);
    for (int i = 0; i < 1000; ++i) {
      result.tally.Record(Series::kOk, nanoseconds(std::llround(i < 850   ? median
                                                                : i < 950 ? slower
                                                                          : tail)));
    }
    result.window.finished = result.window.ok = std::llround(Noisy(1e5, -slow));
    const auto cpu = [&](double us) {
      return nanoseconds(std::llround(Noisy(us, slow) * 1e3 * 1e5));
    };
    result.generator_cpu = cpu(2);
    result.server_cpu = cpu(10);
    result.machine_cpu = cpu(20);
    return result;
  }

  std::mt19937_64 random_;
  std::normal_distribution<double> drift_{0, 0.1}, noise_{0, 0.03}, disturbance_{0, 0.3};
  std::bernoulli_distribution disturbed_{0.1};
};

bool IsInvalid(const Report& report) {
  return std::any_of(report.notices.begin(), report.notices.end(),
                     [](const Notice& notice) { return notice.level == Notice::Level::kInvalid; });
}

TEST(Notices, GuardSeldomRaisesAFalseAlarm) {
  const uint64_t seed = std::random_device{}();
  NoisyTrials trials(seed);
  int alarms = 0;
  for (int i = 0; i < 300; ++i) {
    Report report = trials.GuardOfNine(1);
    Evaluate(&report);
    alarms += IsInvalid(report) ? 1 : 0;
  }
  std::cout << "seed " << seed << ": " << alarms << " of 300 reports are invalid\n";
  EXPECT_LE(alarms, 21) << "seed " << seed;
}

TEST(Notices, GuardSeesAThird) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  NoisyTrials trials(seed);
  int seen = 0;
  for (int i = 0; i < 20; ++i) {
    Report report = trials.GuardOfNine(1.3);
    Evaluate(&report);
    seen += IsInvalid(report) ? 1 : 0;
  }
  EXPECT_GE(seen, 18);
}

// Neither p90 nor the generator's CPU is spoken of.
TEST(Notices, GuardAsksForWhatVerdictsSay) {
  Report report = SampleComparison();
  for (ReportTrial& trial : report.cells[2].trials) trial.result.generator_cpu *= 2;
  Evaluate(&report);
  EXPECT_THAT(report.notices, IsEmpty()) << ::testing::PrintToString(Texts(report));
}

TEST(Notices, SearchIsJudgedByWhatItFound) {
  Report report = SampleSearch();
  report.cells[2].trials[0].result.generator_cpu = seconds(6);
  Evaluate(&report);
  EXPECT_THAT(report.notices, IsEmpty());
  report.best.reset();
  Evaluate(&report);
  EXPECT_THAT(Texts(report), Contains(HasSubstr("bottleneck")));
}

TEST(Notices, DifferentFailuresMakeAComparisonDoubtful) {
  Report report = SampleComparison();
  for (ReportTrial& trial : report.cells[1].trials) {
    trial.result = SampleTrial({.unavailable = 300, .grpc = false});
  }
  Evaluate(&report);
  EXPECT_THAT(Texts(report),
              Contains(HasSubstr("REST: failures differ, 9.1 % against 0 % of gRPC")));
}

TEST(Notices, EachKindIsToldOnce) {
  Report report = SampleSweep();
  for (Cell& cell : report.cells) {
    for (ReportTrial& trial : cell.trials) trial.result.cut_off = cell.load.concurrency;
  }
  Evaluate(&report);
  const std::vector<std::string> texts = Texts(report);
  EXPECT_EQ(std::count_if(texts.begin(), texts.end(),
                          [](const std::string& text) {
                            return text.find("had not ended") != std::string::npos;
                          }),
            1);
  EXPECT_THAT(texts, Contains(AllOf(HasSubstr("gRPC at 1,024 in flight"), HasSubstr("and 9 more"),
                                    HasSubstr("6,144 requests"))));
}

}  // namespace
}  // namespace slipway::client
