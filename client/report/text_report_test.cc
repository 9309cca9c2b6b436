#include "client/report/text_report.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "client/report/format.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string TextOf(Report report) {
  Evaluate(&report);
  return TextReport(report);
}

TEST(TextReport, RunIsAlignedAndComplete) {
  EXPECT_EQ(
      TextOf(SampleRun()),
      "GET http://localhost:8080/users\n"
      "HTTP/1.1, 1,000 in flight over 1,000 connections, 2 threads, 2.00 s measured after "
      "1.00 s of warm-up\n"
      "\n"
      "Requests    3,002 = 3,000 ok + 2 failed\n"
      "Throughput  1,500 ok/s\n"
      "Received    300 kB, 150 kB/s\n"
      "\n"
      "Latency      mean      p50      p75      p90      p95      p99  p99.9      max\n"
      "  ok      1.50 ms  1.50 ms  2.25 ms  2.70 ms  2.85 ms  2.97 ms      –  3.00 ms\n"
      "  failed   10.0 s        –        –        –        –        –      –   20.0 s\n"
      "\n"
      "CPU          per request\n"
      "  generator      5.00 µs  0.4 % of its 2 threads, which waited for a core 1.0 % of the "
      "time\n"
      "  server         20.0 µs  3.0 % of one core\n"
      "\n"
      "Answers    count\n"
      "  200      3,000\n"
      "  503          1  no backend\n"
      "  timeout      1  no complete answer in time\n");
}

TEST(TextReport, OpenLoopShowsBothClocksAndSteps) {
  const std::string text = TextOf(SampleOpenRun());
  for (const char* part :
       {"gRPC  grpc://127.0.0.1:8080/users.Users/List\n",
        "gRPC, 1,000/s Poisson, at most 256 in flight over 2 connections, 2 threads",
        "Requests    3,010 due, 3,003 = 3,000 ok + 3 failed; 7 more were cut off at the end; "
        "1 connection opened anew",
        "Offered     1,003/s", "  service ", "  lag ", "  stream wait ", "  message ",
        "  acknowledged ", "Steps", "  login ", "  list ", "4 threads, 21.0 MB resident",
        "  machine", "  UNAVAILABLE      3  no backend is there",
        "Warning: 7 requests had not ended"}) {
    EXPECT_THAT(text, HasSubstr(part)) << text;
  }
}

TEST(TextReport, ExpectedErrorsAreAnswers) {
  Report report = SampleRun();
  TrialResult& result = report.cells[0].trials[0].result;
  const auto add = [&result](OutcomeKind kind, int code, bool ok, int count) {
    for (int i = 0; i < count; ++i) {
      result.tally.Add({kind, code, ok, false, ok ? "" : "gone", 0}, std::chrono::milliseconds(1));
    }
  };
  add(OutcomeKind::kHttpStatus, 404, true, 7);
  add(OutcomeKind::kHttpStatus, 404, false, 2);
  add(OutcomeKind::kGrpcStatus, 5, true, 11);
  const std::string text = TextOf(report);
  for (const char* row :
       {"\n  404            7  ok: it was expected\n", "\n  404            2  gone\n",
        "\n  NOT_FOUND     11  ok: it was expected\n"}) {
    EXPECT_THAT(text, HasSubstr(row)) << text;
  }
  EXPECT_THAT(text, Not(HasSubstr("503          0")));
}

TEST(TextReport, BusiestThreadIsShown) {
  Report report = SampleRun();
  report.cells[0].trials[0].result.busiest_thread_share = 0.99;
  EXPECT_THAT(TextOf(report), HasSubstr("of its 2 threads (the busiest: 99 %), which"));
}

TEST(TextReport, WarmUpIsToldApart) {
  Report report = SampleRun();
  EXPECT_THAT(TextOf(report), Not(HasSubstr("before in the warm-up")));
  report.cells[0].trials[0].result.warmup_requests = 1500;
  EXPECT_THAT(TextOf(report), HasSubstr("2 failed; 1,500 before in the warm-up\n"));
}

TEST(TextReport, NothingMeasuredShowsNoEmptyTables) {
  Report report = SampleRun();
  report.cells[0].trials[0].result = TrialResult();
  report.cells[0].trials[0].result.interrupted = true;
  report.cells[0].trials[0].result.cut_off = 5;
  const std::string text = TextOf(report);
  EXPECT_THAT(text, HasSubstr("0 = 0 ok + 0 failed; 5 more were cut off at the end"));
  EXPECT_THAT(text, HasSubstr("Warning: interrupted"));
  EXPECT_THAT(text, Not(HasSubstr("Latency ")));
}

TEST(TextReport, ComparisonHasTableRatiosAndVerdicts) {
  const std::string text = TextOf(SampleComparison());
  for (const char* part :
       {"2 targets, 64 in flight, 9 trials of each in random order (seed 7); 3.00 s after 500 ms",
        "  REST  HTTP/1.1  GET http://127.0.0.1:8081/users\n", "64 in flight", "server µs",
        "  gRPC (guard)", "Ratio to gRPC", "REST serves 0.69", "gRPC against itself"}) {
    EXPECT_THAT(text, HasSubstr(part)) << text;
  }
}

TEST(TextReport, SweepIsOneTable) {
  const std::string text = TextOf(SampleSweep());
  EXPECT_THAT(text, HasSubstr("in flight  target"));
  EXPECT_THAT(text, AllOf(HasSubstr("\n    1,024  gRPC "), HasSubstr("\n           REST ")))
      << text;
  EXPECT_THAT(text, HasSubstr("gRPC's throughput grows until 64 in flight"));
}

// The name is cut, not what tells the rows apart.
TEST(TextReport, LongNamesKeepLoadAndGuard) {
  Report report = SampleSweep();
  for (ReportTarget& target : report.targets) target.name = target.url + "/" + std::string(40, 'x');
  Cell guard = report.cells[0];
  guard.is_guard = true;
  report.cells.push_back(std::move(guard));
  EXPECT_THAT(TextOf(report), AllOf(HasSubstr("… at 1 in flight  "), HasSubstr("… at 64 in flight"),
                                    HasSubstr("… at 1 in flight (guard)  ")));
}

TEST(TextReport, PercentilesAreOfTheSameTrials) {
  Report report = SampleComparison();
  const LoadShape& load = report.cells[0].load;
  report.cells.resize(1);
  report.cells[0] = SampleCell(0, load, {.median_us = 1000, .ok = 6000}, 2);
  Cell slow = SampleCell(0, load, {.median_us = 500, .ok = 12'000}, 1);
  report.cells[0].trials.push_back(slow.trials[0]);
  EXPECT_TRUE(MetricOf(report.cells[0], Metric::kP99));
  EXPECT_FALSE(MetricOf(report.cells[0], Metric::kP999)) << "one of three trials has it";
  EXPECT_THAT(TextOf(report), Not(HasSubstr("p99.9")));
}

TEST(TextReport, HeadSaysWhatHoldsForAllLoads) {
  Report search = SampleSearch();
  search.cells[1].trials.resize(3, search.cells[1].trials[0]);
  search.cells[2].load.duration = std::chrono::seconds(12);
  EXPECT_THAT(TextOf(search), HasSubstr("1 target, 3 loads, 1 to 3 trials of each (seed 7)\n"));
  Report merged = SampleComparison();
  merged.command = "merge";
  EXPECT_THAT(TextOf(merged),
              HasSubstr("2 targets, 64 in flight, 9 trials of each; 3.00 s after 500 ms"));
}

TEST(TextReport, OfferedIsWithoutTheWaitForAnswers) {
  Report report = SampleOpenRun();
  TrialResult& result = report.cells[0].trials[0].result;
  result.offered = 3000;
  result.offered_time = std::chrono::milliseconds(2500);
  EXPECT_THAT(TextOf(report), HasSubstr("Offered     1,200/s"));
}

TEST(TextReport, SharesOfShortRunsAreNotKnown) {
  Report report = SampleRun();
  TrialResult& result = report.cells[0].trials[0].result;
  result.elapsed = std::chrono::milliseconds(10);
  EXPECT_THAT(TextOf(report), AllOf(HasSubstr("– of its 2 threads, which waited for a core – of"),
                                    HasSubstr("– of one core")));
}

TEST(TextReport, ServersOfAScenarioAreNamedWithTheirProtocols) {
  Report report = SampleRun();
  report.targets[0].protocol = "http/1.1 + grpc";
  EXPECT_THAT(TextOf(report), HasSubstr("HTTP/1.1 and gRPC, 1,000 in flight, 2 threads"));
  report.targets[0].protocol = "grpc";
  report.targets[0].address = "127.0.0.1:1 + 127.0.0.1:2";
  EXPECT_THAT(TextOf(report), HasSubstr("gRPC, 1,000 in flight, 2 threads"));
}

TEST(TextReport, SearchShowsItsOwnTable) {
  const std::string text = TextOf(SampleSearch());
  EXPECT_THAT(text, HasSubstr("Search for the highest rate"));
  EXPECT_THAT(text, HasSubstr("2,000/s"));
  EXPECT_THAT(text, HasSubstr("The highest load that met p99<10ms,errors<0.1% was 1,000/s"));
}

TEST(TextReport, LinesAreNotLong) {
  for (const Report& report :
       {SampleRun(), SampleOpenRun(), SampleComparison(), SampleSweep(), SampleSearch()}) {
    for (const absl::string_view line : absl::StrSplit(TextOf(report), '\n')) {
      EXPECT_LE(DisplayWidth(std::string(line)), 115u) << line;
    }
  }
}

TEST(TextReport, EmptyReportIsEmpty) { EXPECT_EQ(TextOf(Report()), ""); }

TEST(TextReport, FilesOfOthersDoNotSteerTheTerminal) {
  Report report = SampleComparison();
  report.targets[0].name = "\x1b]0;title\x07 name";
  report.notices.push_back({Notice::Level::kNote, "\x1b[2J"});
  report.tables.push_back({"\x1b[1m", {"a\rb"}, {{"\x9b"}}});
  const std::string text = TextReport(report);
  EXPECT_EQ(text.find_first_of("\x1b\r\x07"), std::string::npos) << text;
}

}  // namespace
}  // namespace slipway::client
