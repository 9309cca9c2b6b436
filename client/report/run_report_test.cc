#include "client/report/run_report.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/report/progress.h"

namespace slipway::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Plan SamplePlan() {
  Plan plan;
  plan.target.url = "http://localhost:8080/users";
  plan.http_method = "GET";
  plan.concurrency = plan.connections = 1000;
  plan.threads = 2;
  plan.warmup = seconds(1);
  plan.duration = seconds(2);
  plan.server_pid = 77;
  return plan;
}

/// 3,000 successes of 1…3,000 µs, two failures, 2 s.
TrialResult SampleResult() {
  TrialResult result;
  result.threads = 2;
  result.elapsed = seconds(2);
  result.generator_cpu = milliseconds(15);
  result.server_cpu = milliseconds(60);
  result.waited = milliseconds(40);
  for (int i = 1; i <= 3000; ++i) {
    result.tally.Add({OutcomeKind::kHttpStatus, 200, true, false, "", 100}, microseconds(i));
  }
  result.tally.Add({OutcomeKind::kHttpStatus, 503, false, false, "no\nbackend", 100},
                   microseconds(5));
  result.tally.Add({OutcomeKind::kTimeout, 0, false, false, "no complete answer in time", 0},
                   seconds(20));
  result.window = {3000, 2999, 300'100};
  return result;
}

TEST(TextRunReport, IsAlignedAndComplete) {
  EXPECT_EQ(
      TextRunReport(SamplePlan(), SampleResult()),
      "GET http://localhost:8080/users\n"
      "HTTP/1.1, 1,000 in flight over 1,000 connections, 2 threads, 2.00 s measured after "
      "1.00 s of warm-up\n"
      "\n"
      "Requests    3,002 = 3,000 ok + 2 failed\n"
      "Throughput  1,500 ok/s\n"
      "Received    300 kB, 150 kB/s\n"
      "\n"
      "Latency      mean      p50      p75      p90      p95      p99    p99.9      max\n"
      "  ok      1.50 ms  1.50 ms  2.25 ms  2.70 ms  2.85 ms  2.97 ms  3.00 ms  3.00 ms\n"
      "  failed   10.0 s  5.00 µs   20.0 s   20.0 s   20.0 s   20.0 s   20.0 s   20.0 s\n"
      "\n"
      "CPU          per request\n"
      "  generator      5.00 µs  0.4 % of its 2 threads, which waited for a core 1.0 % of the "
      "time\n"
      "  server         20.0 µs  3.0 % of one core, process 77\n"
      "\n"
      "Answers    count\n"
      "  200      3,000\n"
      "  503          1  no backend\n"
      "  timeout      1  no complete answer in time\n");
}

TEST(TextRunReport, NothingMeasuredShowsNoEmptyTables) {
  TrialResult result;
  result.interrupted = true;
  result.abandoned = 5;
  const std::string text = TextRunReport(SamplePlan(), result);
  EXPECT_THAT(text, HasSubstr("0 = 0 ok + 0 failed; 5 more were cancelled at the end"));
  EXPECT_THAT(text, HasSubstr("Warning: interrupted"));
  EXPECT_EQ(text.find("Latency"), std::string::npos);
}

TEST(JsonRunReport, HasTheNumbers) {
  const std::string json = JsonRunReport(SamplePlan(), SampleResult());
  for (const char* part :
       {"\"url\": \"http://localhost:8080/users\"", "\"total\": 3002", "\"failed\": 2",
        "\"throughput_per_s\": 1499.5", "\"p99.9\": 2.99", "\"503\": 1", "\"sort\": \"timeout\"",
        "\"first_message\": \"no\\nbackend\"", "\"server_us_per_request\": 20",
        "\"generator_us_per_request\": 5", "\"server_pid\": 77"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

TEST(Warnings, BusyGeneratorMakesTheResultDoubtful) {
  TrialResult result = SampleResult();
  EXPECT_THAT(Warnings(result), IsEmpty());
  result.generator_cpu = milliseconds(3800);
  EXPECT_TRUE(result.generator_saturated());
  ASSERT_EQ(Warnings(result).size(), 1u);
  EXPECT_THAT(Warnings(result)[0], HasSubstr("bottleneck"));
}

TEST(Warnings, BusyMachineMakesLatenciesDoubtful) {
  TrialResult result = SampleResult();
  result.waited = milliseconds(1200);
  ASSERT_EQ(Warnings(result).size(), 1u);
  EXPECT_THAT(Warnings(result)[0], HasSubstr("waited for a core 30 %"));
}

TEST(Progress, BarFollowsTimeOrNumber) {
  TrialProgress progress;
  progress.phase = TrialProgress::Phase::kMeasuring;
  progress.elapsed = seconds(2);
  progress.planned = seconds(4);
  progress.finished = 1000;
  EXPECT_THAT(Progress::BarLine(progress), HasSubstr("50 %  measuring, 1,000 requests, 500/s"));
  progress.wanted = 1250;
  EXPECT_THAT(Progress::BarLine(progress), HasSubstr("80 %"));
}

}  // namespace
}  // namespace slipway::client
