#include "client/report/hdr_report.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/measure/hdr.h"
#include "client/report/evaluate.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

constexpr double kNanosecondsInMillisecond = 1e6;

double Seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::string TagOf(const Report& report, const Cell& cell) {
  return absl::StrCat(report.targets[cell.target].name, "/", LoadTag(cell.load),
                      cell.is_guard ? "/guard" : "");
}

void AddTrial(const std::string& tag, const TrialResult& result, std::vector<HlogEntry>* entries) {
  const double start = Seconds(result.started);
  const double interval = Seconds(result.timeline.interval());
  const double elapsed = Seconds(result.elapsed);
  if (result.timeline.slices().empty()) {
    if (result.tally.ok() > 0) {
      entries->push_back({tag, start, elapsed, &result.tally.ok_latency()});
    }
    return;
  }
  double at = 0;
  for (const Timeline::Slice& slice : result.timeline.slices()) {
    const double length = std::clamp(elapsed - at, 0.0, interval);
    if (slice.ok.count() > 0) entries->push_back({tag, start + at, length, &slice.ok});
    at += interval;
  }
}

}  // namespace

std::string HgrmReport(const Report& report) {
  std::string text;
  for (size_t i = 0; i < report.cells.size(); ++i) {
    const std::string name = CellName(report, i);
    if (!name.empty()) absl::StrAppend(&text, "# ", OneLine(name), "\n");
    const Tally merged = report.cells[i].Merged();
    text += HgrmText(merged.ok_latency(), kNanosecondsInMillisecond);
  }
  return text;
}

std::string HlogReport(const Report& report) {
  std::vector<HlogEntry> entries;
  for (const Cell& cell : report.cells) {
    const std::string tag = TagOf(report, cell);
    for (const ReportTrial& trial : cell.trials) AddTrial(tag, trial.result, &entries);
  }
  std::stable_sort(
      entries.begin(), entries.end(),
      [](const HlogEntry& one, const HlogEntry& other) { return one.start < other.start; });
  // The beginning of time when the report does not say.
  const absl::Time start = StartOf(report).value_or(absl::UnixEpoch());
  return HlogText(absl::ToChronoTime(start), entries);
}

}  // namespace slipway::client
