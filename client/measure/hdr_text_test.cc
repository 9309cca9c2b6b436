#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "client/measure/hdr.h"

namespace slipway::client {
namespace {

// As HdrHistogram for Java and JavaScript prints the same values in the same range.
TEST(HgrmText, IsHdrHistograms) {
  Histogram histogram(
      Histogram::Range{.lowest = 1, .highest = (int64_t{1} << 53) - 1, .digits = 3});
  for (int64_t value : {25, 50, 75}) histogram.Record(value);
  EXPECT_EQ(HgrmText(histogram, 1),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n"
            "\n"
            "      25.000 0.000000000000          1           1.00\n"
            "      25.000 0.100000000000          1           1.11\n"
            "      25.000 0.200000000000          1           1.25\n"
            "      25.000 0.300000000000          1           1.43\n"
            "      50.000 0.400000000000          2           1.67\n"
            "      50.000 0.500000000000          2           2.00\n"
            "      50.000 0.550000000000          2           2.22\n"
            "      50.000 0.600000000000          2           2.50\n"
            "      50.000 0.650000000000          2           2.86\n"
            "      75.000 0.700000000000          3           3.33\n"
            "      75.000 1.000000000000          3\n"
            "#[Mean    =       50.000, StdDeviation   =       20.412]\n"
            "#[Max     =       75.000, Total count    =            3]\n"
            "#[Buckets =           43, SubBuckets     =         2048]\n");
}

TEST(HgrmText, OfNothingHasNoLines) {
  const std::string text = HgrmText(Histogram(), 1e6);
  EXPECT_EQ(text.find("0.000000000000"), std::string::npos) << text;
  EXPECT_NE(text.find("Total count    =            0]"), std::string::npos) << text;
}

/// Value, percentile and count of each line.
struct Row {
  double value = 0, percentile = 0;
  int64_t count = 0;
};
std::vector<Row> RowsOf(const std::string& text) {
  std::vector<Row> rows;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    std::istringstream in(line);
    Row row;
    if (in >> row.value >> row.percentile >> row.count) rows.push_back(row);
  }
  return rows;
}

TEST(HgrmText, RisesToTheLargestAndAgreesWithTheRanks) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(13.0, 2.0);
  Histogram histogram;
  for (int i = 0; i < 100'000; ++i) histogram.Record(std::llround(latency(random)));
  const std::vector<Row> rows = RowsOf(HgrmText(histogram, 1e6));
  ASSERT_GT(rows.size(), 60u);
  ASSERT_LT(rows.size(), 120u);
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_GE(rows[i].value, rows[i - 1].value);
    EXPECT_GT(rows[i].percentile, rows[i - 1].percentile);
    EXPECT_GE(rows[i].count, rows[i - 1].count);
  }
  EXPECT_EQ(rows.back().percentile, 1);
  EXPECT_EQ(rows.back().count, 100'000);
  EXPECT_NEAR(rows.back().value, histogram.max() / 1e6, 0.001);
  for (const Row& row : rows) {
    // The text has twelve decimals of the percentile: a rank must not change for its rounding.
    const double exact = histogram.ValueAt(100 * row.percentile - 1e-9) / 1e6;
    EXPECT_NEAR(row.value, exact, 0.0006) << row.percentile;
  }
}

// So many samples that a single one more makes no difference to the percentile as a double.
TEST(HgrmText, EndsWithHugeCounts) {
  Histogram histogram;
  histogram.AddToSlot(10, std::numeric_limits<int64_t>::max() - 1);
  histogram.AddToSlot(20, 1);
  const std::vector<Row> rows = RowsOf(HgrmText(histogram, 1));
  ASSERT_FALSE(rows.empty());
  EXPECT_LT(rows.size(), 400u);
  EXPECT_EQ(rows.back().value, 20);
}

TEST(HlogText, HasHeaderTagsAndIntervals) {
  Histogram fast, slow;
  fast.Record(1'500'000);
  slow.Record(2'000'000'000);
  const std::vector<std::string> lines = absl::StrSplit(
      HlogText(std::chrono::system_clock::time_point(std::chrono::milliseconds(1'500'000'000'250)),
               {{"fast/c=64", 0, 10, &fast}, {"", 10.5, 2.25, &slow}, {"a, b\n", 1, 1, &fast}}),
      '\n');
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0], "#[Histogram log format version 1.3]");
  EXPECT_EQ(lines[1],
            "#[StartTime: 1500000000.250 (seconds since epoch), Fri Jul 14 02:40:00 UTC 2017]");
  EXPECT_EQ(lines[2], "#[BaseTime: 1500000000.250 (seconds since epoch)]");
  EXPECT_EQ(lines[3],
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
            "\"Interval_Compressed_Histogram\"");
  EXPECT_EQ(lines[4], "Tag=fast/c=64,0.000,10.000,1.500," + EncodeHdr(fast));
  EXPECT_EQ(lines[5], "10.500,2.250,2000.000," + EncodeHdr(slow));
  EXPECT_EQ(lines[6], "Tag=a__b_,1.000,1.000,1.500," + EncodeHdr(fast));
  EXPECT_EQ(lines[7], "");
}

}  // namespace
}  // namespace slipway::client
