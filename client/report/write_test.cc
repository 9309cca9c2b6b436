#include "client/report/write.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "base/testing/temporary_directory.h"
#include "client/report/csv_report.h"
#include "client/report/hdr_report.h"
#include "client/report/json_report.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Report Evaluated(Report report) {
  Evaluate(&report);
  return report;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(WriteReportFile, PicksTheFormByTheEnding) {
  const base::TemporaryDirectory directory;
  const Report report = Evaluated(SampleComparison());
  for (const char* ending : {"txt", "json", "csv", "html", "hgrm", "hlog"}) {
    const std::string path = directory.File(std::string("report.") + ending);
    const absl::Status status = WriteReportFile(report, path);
    ASSERT_TRUE(status.ok()) << status;
    const absl::StatusOr<ReportFormat> format = FormatOfFile(path);
    ASSERT_TRUE(format.ok());
    EXPECT_EQ(ReadFile(path), RenderReport(report, *format));
    EXPECT_FALSE(ReadFile(path).empty());
  }
}

TEST(WriteReportFile, ReplacesAndLeavesNothingElse) {
  const base::TemporaryDirectory directory;
  const std::string path = directory.File("a.json");
  std::ofstream(path) << std::string(10'000'000, 'x');
  ASSERT_TRUE(WriteReportFile(Evaluated(SampleRun()), path).ok());
  EXPECT_TRUE(ParseReport(ReadFile(path)).ok());
  const std::filesystem::directory_iterator files(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST(WriteReportFile, ErrorsNameThePathAndTheEndings) {
  const absl::Status ending = WriteReportFile(Report(), "/tmp/report.pdf");
  EXPECT_EQ(ending.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(ending.message()), AllOf(HasSubstr("report.pdf"), HasSubstr(".hgrm")));
  const base::TemporaryDirectory directory;
  const absl::Status folder = WriteReportFile(Report(), directory.File("none/report.json"));
  EXPECT_THAT(std::string(folder.message()), HasSubstr("none/report.json"));
  EXPECT_FALSE(folder.ok());
  ASSERT_TRUE(std::filesystem::create_directory(directory.File("folder.json")));
  EXPECT_FALSE(WriteReportFile(Report(), directory.File("folder.json")).ok());
  const std::filesystem::directory_iterator files(directory.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "the temporary file is gone";
}

TEST(CsvReport, HasALineForEachTrial) {
  Report report = SampleComparison();
  report.targets[0].name = "a \"b\", c";
  const std::vector<std::string> lines = absl::StrSplit(CsvReport(report), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 28u);
  EXPECT_THAT(lines[0], StartsWith("target,url,protocol,model,concurrency,connections,threads,"
                                   "rate_per_s,guard,block,order,"));
  EXPECT_THAT(lines[1], StartsWith("\"a \"\"b\"\", c\",grpc://127.0.0.1:8080/users.Users/List,grpc,"
                                   "closed,64,2,2,,false,0,0,0,3,"));
  EXPECT_THAT(lines[10], StartsWith("REST,http://127.0.0.1:8081/users,http/1.1,closed,64,64,"));
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_EQ(commas(lines[10]), commas(lines[0]));
  EXPECT_EQ(commas(lines[27]), commas(lines[0]) + 1);
}

TEST(CsvReport, NamesAreOneLineOfUtf8) {
  Report report = SampleRun();
  report.targets[0].name = "a\x1b[2J\r\nb,\"\\\" \xff é";
  report.targets[0].url = "http://h/" + std::string(200, 'x');
  const std::string csv = CsvReport(report);
  EXPECT_THAT(csv, HasSubstr("\n\"a [2J  b,\"\"\\\"\" \xEF\xBF\xBD é\",http://h/xxx"));
  EXPECT_THAT(csv, HasSubstr(report.targets[0].url + ","));
}

TEST(CsvReport, UnknownIsEmpty) {
  Report report = SampleRun();
  report.cells[0].trials[0].result.server_cpu.reset();
  const std::string csv = CsvReport(report);
  EXPECT_THAT(csv, HasSubstr(",2.97"));
  EXPECT_THAT(csv, HasSubstr(",5,,,0.00375,0.01,,"));
}

TEST(HgrmReport, HasASectionForEachCell) {
  const std::string one = HgrmReport(SampleRun());
  EXPECT_THAT(one, AllOf(HasSubstr("Percentile"), HasSubstr("Total count    =         3000")));
  EXPECT_EQ(one.find("# gRPC"), std::string::npos);
  const std::string several = HgrmReport(SampleComparison());
  EXPECT_THAT(several,
              AllOf(StartsWith("# gRPC\n"), HasSubstr("# REST\n"), HasSubstr("# gRPC (guard)\n")));
}

TEST(HlogReport, HasTaggedLinesInTheOrderOfTime) {
  Report report = SampleComparison();
  report.targets[1].name = "REST, again";
  const std::vector<std::string> lines =
      absl::StrSplit(HlogReport(report), '\n', absl::SkipEmpty());
  double last = -1;
  size_t tagged = 0;
  for (const std::string& line : lines) {
    if (line.rfind("Tag=", 0) != 0) continue;
    ++tagged;
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    ASSERT_EQ(fields.size(), 5u) << line;
    EXPECT_GE(std::stod(fields[1]), last);
    last = std::stod(fields[1]);
    EXPECT_THAT(fields[4], StartsWith("HISTF"));
  }
  EXPECT_EQ(tagged, 27u * 3) << "three seconds each";
  const std::string text = HlogReport(report);
  EXPECT_THAT(text, AllOf(HasSubstr("Tag=gRPC/c=64,"), HasSubstr("Tag=REST__again/c=64,"),
                          HasSubstr("Tag=gRPC/c=64/guard,")));
}

TEST(HlogReport, TrialWithoutTimelineIsOneLine) {
  const std::string text = HlogReport(SampleRun());
  EXPECT_THAT(text, HasSubstr("/c=1000,0.000,2.000,"));
}

}  // namespace
}  // namespace slipway::client
