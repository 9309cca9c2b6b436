#include "client/report/html_report.h"

#include <string>

#include <gtest/gtest.h>

#include "client/report/json_report.h"
#include "client/testing/sample_report.h"

namespace slipway::client {
namespace {

TEST(HtmlReport, IsReadAgain) {
  Report report = SampleOpenRun();
  report.verdicts.push_back("</script><!-- not markup -->");
  const std::string html = HtmlReport(report);
  const auto json = JsonInHtml(html);
  ASSERT_TRUE(json.ok()) << json.status();
  const auto from_html = ParseReport(*json);
  ASSERT_TRUE(from_html.ok()) << from_html.status();
  const auto from_json = ParseReport(ReportJson(report));
  ASSERT_TRUE(from_json.ok()) << from_json.status();
  EXPECT_EQ(ReportJson(*from_html), ReportJson(*from_json));
  EXPECT_EQ(from_html->verdicts, report.verdicts);
}

TEST(HtmlReport, HoldsWhatChartsNeed) {
  const std::string html = HtmlReport(SampleComparison());
  const auto json = JsonInHtml(html);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_NE(json->find("\"spectrum\""), json->npos);
  EXPECT_NE(json->find("\"summary\""), json->npos);
}

}  // namespace
}  // namespace slipway::client
