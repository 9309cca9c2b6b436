#include "client/report/format.h"

#include <chrono>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::nanoseconds;

TEST(FormatCount, SeparatesThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
  EXPECT_EQ(FormatCount(-1000), "-1,000");
  EXPECT_EQ(FormatCount(-100), "-100");
}

TEST(FormatDuration, HasThreeDigitsAndAUnit) {
  EXPECT_EQ(FormatDuration(nanoseconds(0)), "0 ns");
  EXPECT_EQ(FormatDuration(nanoseconds(950)), "950 ns");
  EXPECT_EQ(FormatDuration(nanoseconds(12'345)), "12.3 µs");
  EXPECT_EQ(FormatDuration(nanoseconds(999'900)), "1.00 ms");
  EXPECT_EQ(FormatDuration(nanoseconds(1'234'567)), "1.23 ms");
  EXPECT_EQ(FormatDuration(nanoseconds(123'456'789)), "123 ms");
  EXPECT_EQ(FormatDuration(nanoseconds(45'600'000'000)), "45.6 s");
  EXPECT_EQ(FormatDuration(nanoseconds(1'234'000'000'000)), "1,234 s");
}

TEST(FormatBytes, UsesDecimalUnits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(12'345), "12.3 kB");
  EXPECT_EQ(FormatBytes(1.5e9), "1.50 GB");
}

TEST(FormatNumber, KeepsThreeDigits) {
  EXPECT_EQ(FormatNumber(0), "0.00");
  EXPECT_EQ(FormatNumber(0.1234), "0.123");
  EXPECT_EQ(FormatNumber(1.234), "1.23");
  EXPECT_EQ(FormatNumber(99.96), "100");
  EXPECT_EQ(FormatNumber(41234.4), "41,234");
}

TEST(FormatRatio, HasTwoDecimals) {
  EXPECT_EQ(FormatRatio(1.4159), "1.42");
  EXPECT_EQ(FormatRatio(0.6149), "0.61");
  EXPECT_EQ(FormatRatio(0.0421), "0.042");
  EXPECT_EQ(FormatRatio(12.345), "12.3");
}

TEST(FormatShare, ShowsLittleShares) {
  EXPECT_EQ(FormatShare(0), "0 %");
  EXPECT_EQ(FormatShare(0.000666), "0.067 %");
  EXPECT_EQ(FormatShare(0.032), "3.2 %");
  EXPECT_EQ(FormatShare(0.76), "76 %");
}

TEST(ForTerminal, LeavesNothingThatIsObeyed) {
  EXPECT_EQ(ForTerminal("µs – \n\xc2\xa0x"), "µs – \n\xc2\xa0x");
  EXPECT_EQ(ForTerminal("a\x1b[2Jb\tc\rd\x7f\xc2\x9b"
                        "1m\xc2"),
            "a?[2Jb?c?d??1m\xc2");
  EXPECT_EQ(ForTerminal(std::string("\0x", 2)), "?x");
}

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(Wrapped("one two three", 8, "", "  "), "one two\n  three\n");
  EXPECT_EQ(Wrapped("überlänge ß", 11, "", ""), "überlänge ß\n");
  EXPECT_EQ(Wrapped("muchtoolong x", 3, "- ", "  "), "- muchtoolong\n  x\n");
  EXPECT_EQ(Wrapped("", 3, "", ""), "\n");
  EXPECT_EQ(Wrapped("about 95 % of it", 9, "", ""), "about\n95 % of\nit\n");
}

TEST(TextTable, LinesUpByDisplayedWidth) {
  TextTable table;
  table.Add({"", "p50", "note"});
  table.Add({"ok", "12.3 µs", "x"});
  table.Add({"failed", "1.00 ms", ""});
  table.SetLeft(2);
  EXPECT_EQ(table.ToString("  "),
            "              p50  note\n"
            "  ok      12.3 µs  x\n"
            "  failed  1.00 ms\n");
}

}  // namespace
}  // namespace slipway::client
