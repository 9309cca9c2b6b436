#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/report/html_assets.h"
#include "client/report/html_report.h"

namespace slipway::client {
namespace {

size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

TEST(HtmlPage, HoldsStyleScriptAndData) {
  const std::string html = HtmlOfJson(R"({"schema":"slipway-load/1"})");
  EXPECT_NE(html.find(kReportCss), html.npos);
  EXPECT_NE(html.find(kReportScript), html.npos);
  EXPECT_EQ(html.find("{{data}}"), html.npos);
  EXPECT_TRUE(html.starts_with("<!doctype html>"));
  EXPECT_TRUE(html.ends_with("</html>\n"));
}

TEST(HtmlPage, YieldsItsJsonAgain) {
  constexpr std::string_view kJson = R"({"schema":"slipway-load/1","cells":[]})";
  const std::string html = HtmlOfJson(kJson);
  const auto json = JsonInHtml(html);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json, kJson);
}

TEST(HtmlPage, DataCannotEndItsBlock) {
  const std::string plain = HtmlOfJson("{}");
  const std::string html = HtmlOfJson(
      "{\"a\":\"</script><script>alert(1)</script>\",\"b\":\"<!-- "
      "<script>\",\"c\":\"\xe2\x80\xa8\"}");
  EXPECT_EQ(CountOf(html, "</script"), CountOf(plain, "</script"));
  EXPECT_EQ(CountOf(html, "<!--"), CountOf(plain, "<!--"));
  const auto json = JsonInHtml(html);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json, R"({"a":"\u003c/script>\u003cscript>alert(1)\u003c/script>",)"
                   R"("b":"\u003c!-- \u003cscript>","c":"\u2028"})");
}

TEST(HtmlPage, MarksInTheDataStay) {
  const std::string html = HtmlOfJson(R"({"a":"/*css*/ {{data}} /*script*/"})");
  const auto json = JsonInHtml(html);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json, R"({"a":"/*css*/ {{data}} /*script*/"})");
}

TEST(HtmlPage, IsSmallAndLoadsNothing) {
  const std::string html = HtmlOfJson("{}");
  EXPECT_LE(html.size(), 300'000u);
  EXPECT_NE(html.find("default-src 'none'"), html.npos);
  EXPECT_EQ(html.find(" src="), html.npos);
  EXPECT_EQ(html.find("@import"), html.npos);
}

TEST(HtmlPage, OtherFilesAreRefused) {
  EXPECT_EQ(JsonInHtml("<!doctype html><p>Hello").status().code(),
            absl::StatusCode::kInvalidArgument);
  const std::string html = HtmlOfJson(R"({"a":1})");
  const size_t data = html.find(R"({"a":1})");
  EXPECT_EQ(JsonInHtml(std::string_view(html).substr(0, data + 3)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::client
