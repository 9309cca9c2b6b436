#include "client/report/evaluate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/report/names.h"
#include "client/report/notices.h"

namespace slipway::client {
namespace {

/// A sweep's throughput still grows when it does by this factor.
constexpr double kGrowth = 1.05;
constexpr size_t kFewestOfSweep = 3;

/// Values of the same metric from trials of the same blocks.
struct Pairs {
  std::vector<double> base;
  std::vector<double> other;
};

const ReportTrial* TrialOfBlock(const Cell& cell, int block) {
  const auto trial = std::find_if(cell.trials.begin(), cell.trials.end(),
                                  [block](const ReportTrial& t) { return t.block == block; });
  return trial == cell.trials.end() ? nullptr : &*trial;
}

Pairs PairsOf(const Cell& base, const Cell& other, Metric metric) {
  Pairs pairs;
  for (const ReportTrial& trial : other.trials) {
    const ReportTrial* const partner = TrialOfBlock(base, trial.block);
    if (partner == nullptr) continue;
    const std::optional<double> one = MetricOf(partner->result, metric);
    const std::optional<double> two = MetricOf(trial.result, metric);
    // The pairs that have enough samples for a percentile are no fair choice among them.
    if (IsPercentile(metric) && (!one || !two)) return {};
    if (!one || !two || *one <= 0 || *two <= 0) continue;
    pairs.base.push_back(*one);
    pairs.other.push_back(*two);
  }
  return pairs;
}

/// What a guard repeats, or what everything else under the same load is compared with. Nothing for
/// that one itself.
std::optional<size_t> BaseOf(const Report& report, size_t index) {
  const Cell& cell = report.cells[index];
  std::optional<size_t> base;
  for (size_t i = 0; i < report.cells.size(); ++i) {
    const Cell& candidate = report.cells[i];
    if (i == index || candidate.is_guard || !SameLoad(candidate.load, cell.load)) continue;
    if (cell.is_guard) {
      if (candidate.target == cell.target && candidate.load == cell.load) return i;
      continue;
    }
    if (candidate.target >= cell.target) continue;
    if (!base || candidate.target < report.cells[*base].target) base = i;
  }
  return base;
}

/// The two differ in their concurrency, and in what follows from it, only.
bool SameSweep(LoadShape one, const LoadShape& other) {
  one.concurrency = other.concurrency;
  one.connections = other.connections;
  one.threads = other.threads;
  return one == other;
}

double ThroughputOf(const Cell& cell) {
  const std::optional<Estimate> throughput = MetricOf(cell, Metric::kThroughput);
  return throughput ? throughput->value : 0;
}

}  // namespace

std::vector<Ratio> RatiosOf(const Report& report) {
  std::vector<Ratio> ratios;
  for (size_t other = 0; other < report.cells.size(); ++other) {
    const std::optional<size_t> base = BaseOf(report, other);
    if (!base) continue;
    for (const Metric metric : kAllMetrics) {
      const Pairs pairs = PairsOf(report.cells[*base], report.cells[other], metric);
      const std::optional<Estimate> ratio = RatioOf(pairs.base, pairs.other, report.seed);
      if (!ratio) continue;
      ratios.push_back({*base, other, metric, *ratio, static_cast<int>(pairs.base.size())});
    }
  }
  return ratios;
}

std::optional<Estimate> RatioOf(const Report& report, const Ratio& ratio, double confidence) {
  const Pairs pairs = PairsOf(report.cells[ratio.base], report.cells[ratio.other], ratio.metric);
  return RatioOf(pairs.base, pairs.other, report.seed, confidence);
}

std::vector<size_t> FirstCellsOfLoads(const Report& report) {
  std::vector<size_t> firsts;
  for (size_t i = 0; i < report.cells.size(); ++i) {
    const Cell& cell = report.cells[i];
    if (cell.is_guard) continue;
    const bool known = std::any_of(firsts.begin(), firsts.end(), [&](size_t first) {
      return SameLoad(report.cells[first].load, cell.load);
    });
    if (!known) firsts.push_back(i);
  }
  return firsts;
}

std::vector<size_t> JudgedCells(const Report& report) {
  if (!report.slo.empty() && report.best) return {*report.best};
  std::vector<size_t> cells;
  for (size_t i = 0; i < report.cells.size(); ++i) {
    if (!report.cells[i].is_guard) cells.push_back(i);
  }
  return cells;
}

std::vector<size_t> SweepOf(const Report& report, size_t target) {
  std::vector<size_t> cells;
  for (size_t i = 0; i < report.cells.size(); ++i) {
    const Cell& cell = report.cells[i];
    if (cell.target != target || cell.is_guard || IsOpen(cell.load)) continue;
    if (cells.empty() || SameSweep(cell.load, report.cells[cells.front()].load)) cells.push_back(i);
  }
  const auto concurrency = [&report](size_t cell) { return report.cells[cell].load.concurrency; };
  std::sort(cells.begin(), cells.end(), [&concurrency](size_t one, size_t other) {
    return std::pair(concurrency(one), one) < std::pair(concurrency(other), other);
  });
  cells.erase(std::unique(cells.begin(), cells.end(),
                          [&concurrency](size_t one, size_t other) {
                            return concurrency(one) == concurrency(other);
                          }),
              cells.end());
  if (cells.size() < kFewestOfSweep) cells.clear();
  return cells;
}

std::optional<size_t> KneeOf(const Report& report, size_t target) {
  const std::vector<size_t> sweep = SweepOf(report, target);
  if (sweep.empty()) return std::nullopt;
  size_t knee = sweep.front();
  double most = ThroughputOf(report.cells[knee]);
  for (const size_t cell : sweep) {
    const double throughput = ThroughputOf(report.cells[cell]);
    if (cell != knee && throughput >= kGrowth * most) knee = cell;
    most = std::max(most, throughput);
  }
  return knee;
}

std::optional<absl::Time> StartOf(const Report& report) {
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, report.started, &time, &ignored)) return std::nullopt;
  // "infinite-past" is a time too.
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return std::nullopt;
  return time;
}

std::string CellName(const Report& report, size_t cell) {
  return CellName(report, cell, report.targets[report.cells[cell].target].name);
}

std::string CellName(const Report& report, size_t cell, std::string_view target) {
  if (report.cells.size() < 2) return "";
  const Cell& it = report.cells[cell];
  const bool one_load = FirstCellsOfLoads(report).size() < 2;
  std::string name;
  if (report.targets.size() > 1 || one_load) name = target;
  if (!one_load) absl::StrAppend(&name, name.empty() ? "" : " at ", LoadName(it.load));
  if (it.is_guard) name += " (guard)";
  return name;
}

void Evaluate(Report* report) {
  report->ratios = RatiosOf(*report);
  report->verdicts = VerdictsOf(*report);
  std::vector<Notice>& notices = report->notices;
  notices.erase(std::remove_if(notices.begin(), notices.end(),
                               [](const Notice& notice) { return notice.is_found; }),
                notices.end());
  for (Notice& notice : NoticesOf(*report)) AddNotice(std::move(notice), &notices);
  std::stable_sort(notices.begin(), notices.end(),
                   [](const Notice& one, const Notice& other) { return one.level > other.level; });
}

}  // namespace slipway::client
