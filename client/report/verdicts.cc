#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/report/evaluate.h"
#include "client/report/format.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

/// Of more loads than these only one has sentences, or nobody would read them.
constexpr size_t kMostLoads = 2;
constexpr Metric kJudged[] = {Metric::kThroughput, Metric::kP50, Metric::kP99, Metric::kServerCpu};

/// As it is spoken of.
std::string_view MetricWords(Metric metric) {
  switch (metric) {
    case Metric::kThroughput:
      return "requests per second";
    case Metric::kServerCpu:
      return "server CPU a request";
    case Metric::kGeneratorCpu:
      return "generator CPU a request";
    case Metric::kMachineCpu:
      return "CPU of the machine a request";
    default:
      return MetricName(metric);
  }
}

std::string Range(const Estimate& ratio) {
  return absl::StrCat(FormatRatio(ratio.low), "–", FormatRatio(ratio.high));
}

/// `95 % interval 1.37–1.47, 9 pairs`
std::string HowSure(const Ratio& ratio) {
  if (ratio.ratio.is_interval) {
    return absl::StrCat("95 % interval ", Range(ratio.ratio), ", ", ratio.pairs, " pairs");
  }
  if (ratio.pairs == 1) return "one pair: too few to be sure";
  return absl::StrCat(Range(ratio.ratio), " in ", ratio.pairs, " pairs: too few to be sure");
}

std::string Difference(const std::string& base, const std::string& other, const Ratio& ratio) {
  const std::string times = absl::StrCat(FormatRatio(ratio.ratio.value), " × ");
  switch (ratio.metric) {
    case Metric::kThroughput:
      return absl::StrCat(other, " serves ", times, base, "'s requests per second");
    case Metric::kServerCpu:
      return absl::StrCat(other, "'s server needs ", times, "the CPU of ", base,
                          "'s a request, so it serves ", FormatRatio(1 / ratio.ratio.value),
                          " × the requests per CPU second");
    default:
      return absl::StrCat(other, "'s ", std::string(MetricWords(ratio.metric)), " is ", times, base,
                          "'s");
  }
}

std::string Sentence(const Report& report, const Ratio& ratio, bool with_load) {
  const Cell& cell = report.cells[ratio.other];
  const std::string& base = report.targets[report.cells[ratio.base].target].name;
  const std::string& other = report.targets[cell.target].name;
  const std::string at = with_load ? absl::StrCat("At ", LoadName(cell.load), ": ") : "";
  if (ratio.ratio.low <= 1 && ratio.ratio.high >= 1 && ratio.pairs > 1) {
    return absl::StrCat(at, std::string(MetricWords(ratio.metric)), ": no difference between ",
                        other, " and ", base, " was found (", HowSure(ratio), ")");
  }
  return absl::StrCat(at, Difference(base, other, ratio), " (", HowSure(ratio), ")");
}

/// Of more loads than can be told: the one where the first target serves most. Nothing: all.
const LoadShape* JudgedLoad(const Report& report, const std::vector<size_t>& loads) {
  if (loads.size() <= kMostLoads) return nullptr;
  const LoadShape* judged = nullptr;
  double most = -1;
  for (const size_t cell : loads) {
    const std::optional<Estimate> throughput = MetricOf(report.cells[cell], Metric::kThroughput);
    if (!throughput || throughput->value <= most) continue;
    most = throughput->value;
    judged = &report.cells[cell].load;
  }
  return judged;
}

void AddComparisons(const Report& report, std::vector<std::string>* verdicts) {
  const std::vector<size_t> loads = FirstCellsOfLoads(report);
  const LoadShape* const judged = JudgedLoad(report, loads);
  for (const Ratio& ratio : report.ratios) {
    const Cell& cell = report.cells[ratio.other];
    if (cell.is_guard || !IsJudged(report, ratio)) continue;
    if (judged != nullptr && !SameLoad(cell.load, *judged)) continue;
    verdicts->push_back(Sentence(report, ratio, loads.size() > 1));
  }
}

/// What a guard's intervals say: the smallest effect that can be claimed.
void AddGuards(const Report& report, std::vector<std::string>* verdicts) {
  for (size_t i = 0; i < report.cells.size(); ++i) {
    if (!report.cells[i].is_guard) continue;
    std::vector<std::string> ranges;
    for (const Ratio& ratio : report.ratios) {
      if (ratio.other != i || !ratio.ratio.is_interval || !IsJudged(report, ratio)) continue;
      ranges.push_back(
          absl::StrCat(std::string(MetricWords(ratio.metric)), " ", Range(ratio.ratio)));
    }
    if (ranges.empty()) continue;
    verdicts->push_back(absl::StrCat(report.targets[report.cells[i].target].name,
                                     " against itself: ", absl::StrJoin(ranges, ", "),
                                     "; smaller differences than these mean nothing"));
  }
}

void AddKnees(const Report& report, std::vector<std::string>* verdicts) {
  for (size_t target = 0; target < report.targets.size(); ++target) {
    const std::optional<size_t> knee = KneeOf(report, target);
    if (!knee) continue;
    const Cell& cell = report.cells[*knee];
    const std::optional<Estimate> throughput = MetricOf(cell, Metric::kThroughput);
    const std::string rate = FormatNumber(throughput ? throughput->value : 0);
    const bool is_last = SweepOf(report, target).back() == *knee;
    const std::string& name = report.targets[target].name;
    verdicts->push_back(
        is_last ? absl::StrCat(name, "'s throughput still grows at ", LoadName(cell.load),
                               ", the most that was tried: ", rate, "/s")
                : absl::StrCat(name, "'s throughput grows until ", LoadName(cell.load), ", ", rate,
                               "/s; more in flight only wait longer"));
  }
}

void AddBest(const Report& report, std::vector<std::string>* verdicts) {
  if (report.slo.empty()) return;
  if (!report.best || *report.best >= report.cells.size()) {
    verdicts->push_back(absl::StrCat("No load that was tried met ", report.slo));
    return;
  }
  const Cell& cell = report.cells[*report.best];
  std::string verdict =
      absl::StrCat("The highest load that met ", report.slo, " was ", LoadName(cell.load));
  if (const auto p99 = MetricOf(cell, Metric::kP99)) {
    absl::StrAppend(&verdict, ", with a p99 of ", FormatNanoseconds(p99->value));
  }
  verdicts->push_back(std::move(verdict));
}

}  // namespace

bool IsJudged(const Report& report, const Ratio& ratio) {
  if (std::find(std::begin(kJudged), std::end(kJudged), ratio.metric) == std::end(kJudged)) {
    return false;
  }
  if (ratio.metric != Metric::kThroughput || !IsOpen(report.cells[ratio.other].load)) return true;
  return std::abs(ratio.ratio.value - 1) > 0.02;
}

std::vector<std::string> VerdictsOf(const Report& report) {
  std::vector<std::string> verdicts;
  AddBest(report, &verdicts);
  AddKnees(report, &verdicts);
  AddComparisons(report, &verdicts);
  AddGuards(report, &verdicts);
  return verdicts;
}

}  // namespace slipway::client
