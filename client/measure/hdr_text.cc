#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/measure/hdr.h"

namespace slipway::client {
namespace {

constexpr double kTicksPerHalving = 5;
/// Beyond this the steps of the percentile would be too small for a double to take.
constexpr double kMostHalvings = 40;

/// To the next percentile that is printed after `percentile`, which is below 100: a fifth of the
/// halving it is in (0 to 50, 50 to 75, 75 to 87.5, …).
double StepAfter(double percentile) {
  const double halvings = std::min(std::floor(std::log2(100 / (100 - percentile))), kMostHalvings);
  return 100 / (kTicksPerHalving * std::exp2(halvings + 1));
}

void AppendSpectrum(const Histogram& histogram, double unit, std::string* out) {
  const auto total = static_cast<double>(histogram.count());
  double percentile = 0;
  int64_t seen = 0;
  for (size_t slot = 0; slot < histogram.slots() && seen < histogram.count(); ++slot) {
    const int64_t count = histogram.CountOfSlot(slot);
    if (count == 0) continue;
    seen += count;
    const auto value =
        static_cast<double>(std::min(histogram.HighestOfSlot(slot), histogram.max()));
    while (percentile < 100 && percentile <= 100 * static_cast<double>(seen) / total) {
      absl::StrAppendFormat(out, "%12.3f %2.12f %10d %14.2f\n", value / unit, percentile / 100,
                            seen, 1 / (1 - percentile / 100));
      percentile += StepAfter(percentile);
      if (seen == histogram.count()) break;  // the last line says the rest
    }
  }
  absl::StrAppendFormat(out, "%12.3f %2.12f %10d\n", static_cast<double>(histogram.max()) / unit,
                        1.0, histogram.count());
}

/// A tag that could end the field or the line would break the log.
std::string SafeTag(std::string tag) {
  for (char& c : tag) {
    if (c == ',' || absl::ascii_isspace(c) || absl::ascii_iscntrl(c)) c = '_';
  }
  return tag;
}

}  // namespace

std::string HgrmText(const Histogram& histogram, double unit) {
  std::string out = absl::StrFormat("%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
                                    "1/(1-Percentile)");
  if (histogram.count() > 0) AppendSpectrum(histogram, unit, &out);
  absl::StrAppendFormat(&out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
                        histogram.mean() / unit, histogram.Deviation() / unit);
  absl::StrAppendFormat(&out, "#[Max     = %12.3f, Total count    = %12d]\n",
                        static_cast<double>(histogram.max()) / unit, histogram.count());
  absl::StrAppendFormat(&out, "#[Buckets = %12d, SubBuckets     = %12d]\n", histogram.buckets(),
                        histogram.sub_buckets());
  return out;
}

std::string HlogText(std::chrono::system_clock::time_point start,
                     const std::vector<HlogEntry>& entries) {
  const absl::Time time = absl::FromChrono(start);
  const double seconds = absl::ToDoubleSeconds(time - absl::UnixEpoch());
  std::string out = "#[Histogram log format version 1.3]\n";
  absl::StrAppendFormat(&out, "#[StartTime: %.3f (seconds since epoch), %s]\n", seconds,
                        absl::FormatTime("%a %b %d %H:%M:%S UTC %Y", time, absl::UTCTimeZone()));
  // Says that the times of the lines are relative; without it readers have to guess.
  absl::StrAppendFormat(&out, "#[BaseTime: %.3f (seconds since epoch)]\n", seconds);
  absl::StrAppend(&out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",",
                  "\"Interval_Compressed_Histogram\"\n");
  for (const HlogEntry& entry : entries) {
    if (!entry.tag.empty()) absl::StrAppend(&out, "Tag=", SafeTag(entry.tag), ",");
    absl::StrAppendFormat(&out, "%.3f,%.3f,%.3f,%s\n", entry.start, entry.length,
                          static_cast<double>(entry.histogram->max()) / 1e6,
                          EncodeHdr(*entry.histogram));
  }
  return out;
}

}  // namespace slipway::client
