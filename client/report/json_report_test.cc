#include "client/report/json_report.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/report/names.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void ExpectSame(const Histogram& one, const Histogram& other) {
  ASSERT_EQ(one.range(), other.range());
  EXPECT_EQ(one.count(), other.count());
  EXPECT_EQ(one.max(), other.max());
  for (size_t i = 0; i < one.slots(); ++i) {
    ASSERT_EQ(one.CountOfSlot(i), other.CountOfSlot(i)) << "slot " << i;
  }
}

void ExpectSameExactly(const Histogram& one, const Histogram& other) {
  EXPECT_EQ(one.min(), other.min());
  EXPECT_NEAR(one.mean(), other.mean(), one.mean() * 1e-12);
}

void ExpectSame(const Tally& one, const Tally& other) {
  for (const Series series : kAllSeries) {
    SCOPED_TRACE(std::string(SeriesName(series)));
    ExpectSame(one.Of(series), other.Of(series));
    ExpectSameExactly(one.Of(series), other.Of(series));
  }
  EXPECT_EQ(one.bytes_received(), other.bytes_received());
  for (int code = 0; code <= 16; ++code) EXPECT_EQ(one.grpc_count(code), other.grpc_count(code));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(one.http_count(i), other.http_count(i));
  ASSERT_EQ(one.failures().size(), other.failures().size());
  for (size_t i = 0; i < one.failures().size(); ++i) {
    EXPECT_EQ(one.failures()[i].kind, other.failures()[i].kind);
    EXPECT_EQ(one.failures()[i].code, other.failures()[i].code);
    EXPECT_EQ(one.failures()[i].count, other.failures()[i].count);
    EXPECT_EQ(one.failures()[i].message, other.failures()[i].message);
  }
  ASSERT_EQ(one.steps().size(), other.steps().size());
  for (size_t i = 0; i < one.steps().size(); ++i) {
    EXPECT_EQ(one.steps()[i].failed, other.steps()[i].failed);
    ExpectSame(one.steps()[i].ok, other.steps()[i].ok);
    ExpectSameExactly(one.steps()[i].ok, other.steps()[i].ok);
  }
}

void ExpectSame(const Timeline& one, const Timeline& other) {
  ASSERT_EQ(one.slices().size(), other.slices().size());
  if (!one.slices().empty()) {
    EXPECT_EQ(one.interval(), other.interval());
  }
  for (size_t i = 0; i < one.slices().size(); ++i) {
    EXPECT_EQ(one.slices()[i].failed, other.slices()[i].failed);
    ExpectSame(one.slices()[i].ok, other.slices()[i].ok);
  }
}

void ExpectSame(const TrialResult& one, const TrialResult& other) {
  ExpectSame(one.tally, other.tally);
  ExpectSame(one.timeline, other.timeline);
  EXPECT_EQ(one.window.finished, other.window.finished);
  EXPECT_EQ(one.window.ok, other.window.ok);
  EXPECT_EQ(one.window.bytes_received, other.window.bytes_received);
  EXPECT_EQ(one.elapsed, other.elapsed);
  EXPECT_EQ(one.started, other.started);
  EXPECT_EQ(one.generator_cpu, other.generator_cpu);
  EXPECT_EQ(one.server_cpu, other.server_cpu);
  EXPECT_EQ(one.machine_cpu, other.machine_cpu);
  EXPECT_EQ(one.steal, other.steal);
  EXPECT_EQ(one.machine_time, other.machine_time);
  EXPECT_EQ(one.waited, other.waited);
  EXPECT_EQ(one.server_waited, other.server_waited);
  EXPECT_EQ(one.server_resident, other.server_resident);
  EXPECT_EQ(one.server_threads, other.server_threads);
  EXPECT_EQ(one.threads, other.threads);
  EXPECT_EQ(one.busiest_thread_share, other.busiest_thread_share);
  EXPECT_EQ(one.offered_time, other.offered_time);
  EXPECT_EQ(one.bytes_sent, other.bytes_sent);
  EXPECT_EQ(one.reconnects, other.reconnects);
  EXPECT_EQ(one.offered, other.offered);
  EXPECT_EQ(one.cut_off, other.cut_off);
  EXPECT_EQ(one.warmup_requests, other.warmup_requests);
  EXPECT_EQ(one.interrupted, other.interrupted);
}

void ExpectSame(const ReportTarget& one, const ReportTarget& other) {
  EXPECT_EQ(one.name, other.name);
  EXPECT_EQ(one.url, other.url);
  EXPECT_EQ(one.protocol, other.protocol);
  EXPECT_EQ(one.tls, other.tls);
  EXPECT_EQ(one.engine, other.engine);
  EXPECT_EQ(one.method, other.method);
  EXPECT_EQ(one.address, other.address);
  EXPECT_EQ(one.command, other.command);
  EXPECT_EQ(one.steps, other.steps);
  EXPECT_EQ(one.request_bytes, other.request_bytes);
}

void ExpectSameResults(const Report& one, const Report& other) {
  ASSERT_EQ(one.ratios.size(), other.ratios.size());
  for (size_t i = 0; i < one.ratios.size(); ++i) {
    EXPECT_EQ(one.ratios[i].base, other.ratios[i].base);
    EXPECT_EQ(one.ratios[i].other, other.ratios[i].other);
    EXPECT_EQ(one.ratios[i].metric, other.ratios[i].metric);
    EXPECT_EQ(one.ratios[i].ratio.value, other.ratios[i].ratio.value);
    EXPECT_EQ(one.ratios[i].ratio.low, other.ratios[i].ratio.low);
    EXPECT_EQ(one.ratios[i].ratio.high, other.ratios[i].ratio.high);
    EXPECT_EQ(one.ratios[i].ratio.is_interval, other.ratios[i].ratio.is_interval);
    EXPECT_EQ(one.ratios[i].pairs, other.ratios[i].pairs);
  }
  EXPECT_EQ(one.verdicts, other.verdicts);
  ASSERT_EQ(one.notices.size(), other.notices.size());
  for (size_t i = 0; i < one.notices.size(); ++i) {
    EXPECT_EQ(one.notices[i].level, other.notices[i].level);
    EXPECT_EQ(one.notices[i].text, other.notices[i].text);
    EXPECT_EQ(one.notices[i].is_found, other.notices[i].is_found);
  }
  ASSERT_EQ(one.tables.size(), other.tables.size());
  for (size_t i = 0; i < one.tables.size(); ++i) {
    EXPECT_EQ(one.tables[i].title, other.tables[i].title);
    EXPECT_EQ(one.tables[i].columns, other.tables[i].columns);
    EXPECT_EQ(one.tables[i].rows, other.tables[i].rows);
  }
}

void ExpectSame(const Report& one, const Report& other) {
  EXPECT_EQ(one.program, other.program);
  EXPECT_EQ(one.command, other.command);
  EXPECT_EQ(one.command_line, other.command_line);
  EXPECT_EQ(one.started, other.started);
  EXPECT_EQ(one.machine.kernel, other.machine.kernel);
  EXPECT_EQ(one.machine.cpu_model, other.machine.cpu_model);
  EXPECT_EQ(one.machine.cpus, other.machine.cpus);
  EXPECT_EQ(one.machine.memory_bytes, other.machine.memory_bytes);
  EXPECT_EQ(one.seed, other.seed);
  EXPECT_EQ(one.slo, other.slo);
  EXPECT_EQ(one.best, other.best);
  ASSERT_EQ(one.targets.size(), other.targets.size());
  for (size_t i = 0; i < one.targets.size(); ++i) ExpectSame(one.targets[i], other.targets[i]);
  ASSERT_EQ(one.cells.size(), other.cells.size());
  for (size_t i = 0; i < one.cells.size(); ++i) {
    EXPECT_EQ(one.cells[i].target, other.cells[i].target);
    EXPECT_EQ(one.cells[i].load, other.cells[i].load);
    EXPECT_EQ(one.cells[i].is_guard, other.cells[i].is_guard);
    ASSERT_EQ(one.cells[i].trials.size(), other.cells[i].trials.size());
    for (size_t j = 0; j < one.cells[i].trials.size(); ++j) {
      EXPECT_EQ(one.cells[i].trials[j].block, other.cells[i].trials[j].block);
      EXPECT_EQ(one.cells[i].trials[j].order, other.cells[i].trials[j].order);
      ExpectSame(one.cells[i].trials[j].result, other.cells[i].trials[j].result);
    }
  }
  ExpectSameResults(one, other);
}

void ExpectRoundTrip(Report report) {
  Evaluate(&report);
  for (const bool with_spectrum : {false, true}) {
    const std::string json = ReportJson(report, with_spectrum);
    const absl::StatusOr<Report> read = ParseReport(json);
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectSame(report, *read);
  }
}

TEST(JsonReport, RunIsReadAgain) { ExpectRoundTrip(SampleRun()); }
TEST(JsonReport, EverySeriesIsReadAgain) { ExpectRoundTrip(SampleOpenRun()); }
TEST(JsonReport, ComparisonIsReadAgain) { ExpectRoundTrip(SampleComparison()); }
TEST(JsonReport, SearchIsReadAgain) { ExpectRoundTrip(SampleSearch()); }
TEST(JsonReport, SweepIsReadAgain) { ExpectRoundTrip(SampleSweep()); }

TEST(JsonReport, UnusualNumbersAndTextsAreReadAgain) {
  Report report = SampleRun();
  report.seed = UINT64_MAX;
  report.targets[0].name = "</script>\u2028\"'\\\n\t\x01 \xf0\x9f\x9a\xa2";
  report.cells[0].load.model = LoadModel::kSchedule;
  report.cells[0].load.schedule = "100/s,10s;200/s,5s";
  report.cells[0].load.rate = 1.0 / 3;
  report.cells[0].load.catch_up = 1.1;
  report.cells[0].load.think = std::chrono::nanoseconds(1'234'567'891);
  TrialResult& result = report.cells[0].trials[0].result;
  result.elapsed = std::chrono::nanoseconds(86'400'000'000'001);
  result.started = std::chrono::nanoseconds(1);
  result.server_cpu.reset();
  result.interrupted = true;
  result.warmup_requests = 1234;
  result.busiest_thread_share = 2.0 / 3;
  result.offered_time = std::chrono::nanoseconds(1'499'999'999);
  ExpectRoundTrip(std::move(report));
}

TEST(JsonReport, HasTheNumbersThatReadersLookFor) {
  Report report = SampleRun();
  Evaluate(&report);
  const std::string json = ReportJson(report);
  for (const char* part :
       {"\"schema\": \"slipway-load/1\"", "\"url\": \"http://localhost:8080/users\"",
        "\"total\": 3002", "\"failed\": 2", "\"throughput_per_s\": 1499.5", "\"p99\": 2.97",
        "\"503\": 1", "\"sort\": \"timeout\"", "\"first_message\": \"no\\nbackend\"",
        "\"server_us_per_request\": 20", "\"generator_us_per_request\": 5", "\"elapsed_s\": 2,",
        "\"histogram", "HISTF"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
  EXPECT_EQ(json.find("\"p99.99\""), std::string::npos) << "stands on too few samples";
  EXPECT_EQ(json.find("spectrum"), std::string::npos);
}

TEST(JsonReport, HasTheKneesOfASweep) {
  EXPECT_THAT(ReportJson(SampleSweep(), true), HasSubstr("\"knees\":[6,7]"));
  EXPECT_THAT(ReportJson(SampleComparison()), Not(HasSubstr("knees")));
}

TEST(JsonReport, TablesAloneKeepTheirNotices) {
  Report report = SampleHead("reproduce");
  report.tables.push_back({"(a)", {"Workers"}, {{"8"}}});
  report.notices.push_back({Notice::Level::kWarning, "Part (b) failed: no backend"});
  Evaluate(&report);
  absl::StatusOr<Report> read = ParseReport(ReportJson(report));
  ASSERT_TRUE(read.ok()) << read.status();
  Evaluate(&*read);
  ASSERT_EQ(read->notices.size(), 1u);
  EXPECT_EQ(read->notices[0].text, "Part (b) failed: no backend");
}

TEST(JsonReport, MoreTrialsThanMayBeAreRefused) {
  Report report = SampleRun();
  report.cells[0].trials.assign(kMostReportTrials, ReportTrial{0, 0, TrialResult()});
  EXPECT_TRUE(ParseReport(ReportJson(report)).ok());
  report.cells[0].trials.push_back({0, 0, TrialResult()});
  const absl::StatusOr<Report> read = ParseReport(ReportJson(report));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()),
              HasSubstr("cells[0].trials[2000]: is beyond the 2000"));
}

TEST(JsonReport, SpectrumRisesToTheLargest) {
  const std::string json = ReportJson(SampleOpenRun(), true);
  EXPECT_THAT(json, AllOf(HasSubstr(R"("spectrum":{"ok":[[0,)"), HasSubstr(R"("service":[[0,)")));
}

/// What reading `from` replaced by `to` in a good report says.
std::string ErrorOf(std::string_view from, std::string_view to) {
  const std::string json = ReportJson(SampleComparison());
  const size_t place = json.find(std::string(from));
  if (place == std::string::npos) return "the text is not there";
  std::string changed = json;
  changed.replace(place, from.size(), to);
  const absl::StatusOr<Report> report = ParseReport(changed);
  if (report.ok()) return "no error";
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(report.status().message());
}

TEST(JsonReport, ErrorsNameThePlace) {
  EXPECT_THAT(ErrorOf("slipway-load/1", "other/2"),
              HasSubstr("schema: must be slipway-load/1, not \"other/2\""));
  EXPECT_THAT(ErrorOf("\"seed\": 7", "\"seed\": -7"), HasSubstr("seed: must be from 0"));
  EXPECT_THAT(ErrorOf("\"seed\": 7", "\"seed\": 1.5"), HasSubstr("whole number, not 1.5"));
  EXPECT_THAT(ErrorOf("\"target\": 1", "\"target\": 2"),
              HasSubstr("cells[1].target: must be less than 2, not 2"));
  EXPECT_THAT(ErrorOf("\"model\": \"closed\"", "\"model\": \"half\""),
              HasSubstr("cells[0].load.model: must be closed, constant, poisson or schedule"));
  EXPECT_THAT(ErrorOf("\"elapsed_s\": 3", "\"elapsed_s\": 1e300"),
              HasSubstr("cells[0].trials[0].elapsed_s: must be from 0 to 1e+09"));
  EXPECT_THAT(ErrorOf("\"elapsed_s\": 3", "\"elapsed_s\": \"3\""),
              HasSubstr("must be a number, not a string"));
  EXPECT_THAT(ErrorOf("\"concurrency\": 64", "\"concurrency\": 0"),
              HasSubstr("cells[0].load.concurrency: must be from 1"));
  EXPECT_THAT(ErrorOf("\"OK\": ", "\"FINE\": "), HasSubstr("cells[0].trials[0].answers.FINE"));
  EXPECT_THAT(ErrorOf("\"command_line\": [", "\"command_line\": [5, "),
              HasSubstr("command_line[0]: must be a string, not a number"));
  EXPECT_THAT(ErrorOf("\"name\": \"gRPC\"", "\"nome\": \"gRPC\""),
              HasSubstr("targets[0].name: is missing"));
  EXPECT_THAT(ErrorOf("\"histograms\": {", "\"histograms\": {}, \"elsewhere\": {"),
              HasSubstr("cells[0].trials[0].histograms.ok: is missing, but the trial counts "));
  EXPECT_THAT(
      ErrorOf("\"failed\": 0,", "\"failed\": 3,"),
      HasSubstr("cells[0].trials[0].histograms.failed: is missing, but the trial counts 3"));
  EXPECT_THAT(ErrorOf("HISTF", "HOSTF"),
              HasSubstr("cells[0].trials[0].timeline.slices[0].histogram"));
}

TEST(JsonReport, HistogramOfAnotherRangeIsRefused) {
  const std::string json = ReportJson(SampleRun());
  const Report comparison = SampleComparison();
  // A slice's histogram, of two digits, where one of three is due.
  const std::string other = ReportJson(comparison);
  const size_t begin = other.find("HISTF");
  const std::string slice = other.substr(begin, other.find('"', begin) - begin);
  const size_t place = json.find("HISTF");
  std::string changed = json;
  changed.replace(place, json.find('"', place) - place, slice);
  const absl::StatusOr<Report> read = ParseReport(changed);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.status().message(),
              AllOf(HasSubstr("cells[0].trials[0].histograms.ok"), HasSubstr("with 3 digits")));
}

TEST(JsonReport, WhatIsNoReportIsRefused) {
  for (const std::string text : {"", "null", "[]", "7", "{", "{}", "{\"schema\": 1}", "\xff\xfe",
                                 "{\"schema\": \"slipway-load/1\", \"cells\": {}}",
                                 "{\"schema\": \"slipway-load/1\", \"cells\": [7]}"}) {
    const absl::StatusOr<Report> report = ParseReport(text);
    EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  const std::string deep = std::string(100'000, '[');
  EXPECT_THAT(std::string(ParseReport(deep).status().message()), HasSubstr("deeper"));
}

TEST(JsonReport, NothingMeasuredIsNoReport) {
  const std::string no_cells = "{\"schema\": \"slipway-load/1\", \"cells\": []}";
  for (const std::string& text : {ReportJson(Report()), no_cells}) {
    EXPECT_THAT(std::string(ParseReport(text).status().message()),
                HasSubstr("cells: is missing or empty"));
  }
}

TEST(JsonReport, TornAndChangedTextsDoNotCrash) {
  const std::string json = ReportJson(SampleRun(), true);
  for (size_t length = 0; length < json.size(); length += 1 + json.size() / 100) {
    EXPECT_FALSE(ParseReport(json.substr(0, length)).ok());
  }
  for (size_t i = 0; i < json.size(); i += 1 + json.size() / 300) {
    std::string changed = json;
    changed[i] = static_cast<char>("0}]\"9-"[i % 6]);
    const absl::StatusOr<Report> report = ParseReport(changed);
    if (!report.ok()) continue;
    Report evaluated = *report;
    Evaluate(&evaluated);
  }
}

}  // namespace
}  // namespace slipway::client
