#include "client/report/text_report.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/report/evaluate.h"
#include "client/report/format.h"
#include "client/report/names.h"
#include "client/report/text_trial.h"

namespace slipway::client {
namespace {

constexpr size_t kWidth = 108;
/// Names longer than this would push the numbers out of sight.
constexpr size_t kLongestName = 34;

constexpr std::string_view kSweepHead = "in flight";

/// What is compared in the table of ratios, and how its columns are called.
struct RatioColumn {
  Metric metric;
  const char* name;
};
constexpr RatioColumn kRatioColumns[] = {{Metric::kThroughput, "throughput"},
                                         {Metric::kP50, "p50"},
                                         {Metric::kP99, "p99"},
                                         {Metric::kServerCpu, "server CPU"},
                                         {Metric::kGeneratorCpu, "generator CPU"}};

std::string Plural(size_t count, std::string_view thing) {
  return absl::StrCat(FormatCount(static_cast<int64_t>(count)), " ", std::string(thing),
                      count == 1 ? "" : "s");
}

std::string Shortened(const std::string& name) {
  const std::string line = OneLine(name, kLongestName);
  return line.size() < name.size() ? line + "…" : line;
}

/// A table of cells with the columns that any of them has.
class CellTable {
 public:
  CellTable(const Report& report, std::vector<size_t> cells)
      : report_(report), cells_(std::move(cells)) {
    for (const Metric metric : kAllMetrics) {
      if (metric != Metric::kP90 && Has(metric)) metrics_.push_back(metric);
    }
  }

  /// One row a cell. `head` and `lead` are the columns before the numbers.
  std::string ToString(const TextTable::Row& head, const std::vector<TextTable::Row>& leads) const {
    TextTable table;
    for (size_t i = 1; i < head.size(); ++i) table.SetLeft(i);
    TextTable::Row first = head;
    for (const Metric metric : metrics_) AddHead(metric, &first);
    first.push_back("failed");
    table.Add(std::move(first));
    for (size_t i = 0; i < cells_.size(); ++i) {
      TextTable::Row row = leads[i];
      for (const Metric metric : metrics_) AddValue(cells_[i], metric, &row);
      row.push_back(FormatCount(report_.cells[cells_[i]].Merged().failed()));
      table.Add(std::move(row));
    }
    return table.ToString("");
  }

 private:
  bool Has(Metric metric) const {
    return std::any_of(cells_.begin(), cells_.end(), [&](size_t cell) {
      return MetricOf(report_.cells[cell], metric).has_value();
    });
  }

  static void AddHead(Metric metric, TextTable::Row* row) {
    switch (metric) {
      case Metric::kThroughput:
        row->insert(row->end(), {"ok/s", "±"});
        return;
      case Metric::kServerCpu:
        row->push_back("server µs");
        return;
      case Metric::kGeneratorCpu:
        row->push_back("generator µs");
        return;
      case Metric::kMachineCpu:
        row->push_back("machine µs");
        return;
      default:
        row->push_back(std::string(MetricName(metric)));
    }
  }

  void AddValue(size_t cell, Metric metric, TextTable::Row* row) const {
    const std::optional<Estimate> value = MetricOf(report_.cells[cell], metric);
    const bool is_number = metric == Metric::kThroughput || metric >= Metric::kServerCpu;
    row->push_back(!value      ? kUnknown
                   : is_number ? FormatNumber(value->value)
                               : FormatNanoseconds(value->value));
    if (metric != Metric::kThroughput) return;
    const bool known = value && value->is_interval && value->value > 0;
    row->push_back(known ? FormatShare((value->high - value->low) / 2 / value->value) : kUnknown);
  }

  const Report& report_;
  std::vector<size_t> cells_;
  std::vector<Metric> metrics_;
};

/// Writes one report. Used once.
class TextWriter {
 public:
  explicit TextWriter(const Report& report) : report_(report) {}

  std::string Write() {
    if (IsOneTrial()) {
      const Cell& cell = report_.cells[0];
      Block(TrialText(report_.targets[cell.target], cell.load, cell.trials[0].result));
    } else if (!report_.cells.empty()) {
      Head();
    }
    if (!report_.tables.empty()) {
      for (const ReportTable& table : report_.tables) Block(TableText(table));
    } else if (!IsOneTrial() && !report_.cells.empty()) {
      Cells();
      Block(RatioText());
    }
    Block(Sentences());
    Block(NoticeText());
    return std::move(text_);
  }

 private:
  bool IsOneTrial() const {
    return report_.cells.size() == 1 && report_.cells[0].trials.size() == 1;
  }

  /// Blocks are told apart by an empty line.
  void Block(const std::string& block) {
    if (block.empty()) return;
    absl::StrAppend(&text_, text_.empty() ? "" : "\n", block);
  }

  size_t MostTrials() const {
    size_t most = 0;
    for (const Cell& cell : report_.cells) most = std::max(most, cell.trials.size());
    return most;
  }

  /// `3 trials`, `1 to 3 trials`
  std::string TrialsText() const {
    size_t fewest = MostTrials();
    for (const Cell& cell : report_.cells) fewest = std::min(fewest, cell.trials.size());
    const std::string most = Plural(MostTrials(), "trial");
    return fewest == MostTrials() ? most : absl::StrCat(fewest, " to ", most);
  }

  /// The other commands measure one load after the other.
  bool IsRandomOrder() const {
    const bool random = report_.command == "compare" || report_.command == "sweep" ||
                        report_.command == "reproduce";
    return random && report_.cells.size() > 1 && MostTrials() > 1;
  }

  /// Of every trial; empty when they differ.
  std::string CommonExtent() const {
    const std::string extent = ExtentText(report_.cells[0].load);
    const bool same =
        std::all_of(report_.cells.begin(), report_.cells.end(),
                    [&](const Cell& cell) { return ExtentText(cell.load) == extent; });
    return same ? extent : "";
  }

  void Head() {
    const size_t loads = FirstCellsOfLoads(report_).size();
    std::string line =
        absl::StrCat(Plural(report_.targets.size(), "target"), ", ",
                     loads == 1 ? LoadName(report_.cells[0].load) : Plural(loads, "load"), ", ",
                     TrialsText(), " of each", IsRandomOrder() ? " in random order" : "");
    // Merged reports had one each.
    if (report_.command != "merge") absl::StrAppend(&line, " (seed ", report_.seed, ")");
    if (const std::string extent = CommonExtent(); !extent.empty()) {
      absl::StrAppend(&line, "; ", extent, " a trial");
    }
    TextTable table;
    for (size_t column : {1, 2, 3}) table.SetLeft(column);
    for (const ReportTarget& target : report_.targets) {
      table.Add({Shortened(target.name), ProtocolText(target),
                 target.name == target.url ? "" : TargetLine(target)});
    }
    Block(absl::StrCat(Wrapped(line, kWidth, "", ""), "\n", table.ToString("  ")));
  }

  /// The tables of all cells: a sweep has one, else each load has one.
  void Cells() {
    if (!SweepText().empty()) {
      Block(SweepText());
    } else {
      for (const size_t first : FirstCellsOfLoads(report_)) Block(LoadTable(first));
    }
    if (MostTrials() > 1) {
      text_ += Wrapped("Medians of the trials; ± is half of the 95 % interval. CPU is per request.",
                       kWidth, "", "");
    }
  }

  std::string LoadTable(size_t first) const {
    std::vector<size_t> cells;
    std::vector<TextTable::Row> leads;
    for (size_t i = 0; i < report_.cells.size(); ++i) {
      const Cell& cell = report_.cells[i];
      if (!SameLoad(cell.load, report_.cells[first].load)) continue;
      cells.push_back(i);
      leads.push_back({absl::StrCat("  ", Shortened(report_.targets[cell.target].name),
                                    cell.is_guard ? " (guard)" : "")});
    }
    const std::string title = LoadName(report_.cells[first].load);
    return CellTable(report_, cells).ToString({title}, leads);
  }

  /// Concurrency by concurrency, the targets below each other; empty when this is no sweep.
  std::string SweepText() const {
    std::vector<size_t> cells;
    for (size_t target = 0; target < report_.targets.size(); ++target) {
      const std::vector<size_t> sweep = SweepOf(report_, target);
      cells.insert(cells.end(), sweep.begin(), sweep.end());
    }
    const size_t guards =
        static_cast<size_t>(std::count_if(report_.cells.begin(), report_.cells.end(),
                                          [](const Cell& cell) { return cell.is_guard; }));
    if (cells.empty() || cells.size() + guards < report_.cells.size()) return "";
    for (size_t i = 0; i < report_.cells.size(); ++i) {
      if (report_.cells[i].is_guard) cells.push_back(i);
    }
    std::stable_sort(cells.begin(), cells.end(), [this](size_t one, size_t other) {
      return report_.cells[one].load.concurrency < report_.cells[other].load.concurrency;
    });
    return CellTable(report_, cells).ToString(SweepHead(), SweepLeads(cells));
  }

  TextTable::Row SweepHead() const {
    if (report_.targets.size() == 1) return {std::string(kSweepHead)};
    return {std::string(kSweepHead), "target"};
  }

  std::vector<TextTable::Row> SweepLeads(const std::vector<size_t>& cells) const {
    std::vector<TextTable::Row> leads;
    uint32_t last = 0;
    for (const size_t index : cells) {
      const Cell& cell = report_.cells[index];
      const std::string concurrency =
          cell.load.concurrency == last ? "" : FormatCount(cell.load.concurrency);
      last = cell.load.concurrency;
      const std::string guard = cell.is_guard ? " (guard)" : "";
      // The first column of a table stands to the left, numbers to the right.
      const std::string number =
          std::string(std::max(kSweepHead.size(), concurrency.size()) - concurrency.size(), ' ') +
          concurrency;
      if (report_.targets.size() == 1) {
        leads.push_back({absl::StrCat(number, guard)});
      } else {
        leads.push_back(
            {number, absl::StrCat(Shortened(report_.targets[cell.target].name), guard)});
      }
    }
    return leads;
  }

  const Ratio* RatioOfCell(size_t other, Metric metric) const {
    const auto found = std::find_if(
        report_.ratios.begin(), report_.ratios.end(),
        [&](const Ratio& ratio) { return ratio.other == other && ratio.metric == metric; });
    return found == report_.ratios.end() ? nullptr : &*found;
  }

  std::string RatioText() const {
    if (report_.ratios.empty()) return "";
    TextTable table;
    TextTable::Row head{absl::StrCat("Ratio to ", BaseName())};
    for (const RatioColumn& column : kRatioColumns) head.push_back(column.name);
    table.Add(std::move(head));
    for (size_t i = 0; i < report_.cells.size(); ++i) {
      const std::string name = Shortened(report_.targets[report_.cells[i].target].name);
      TextTable::Row row{absl::StrCat("  ", CellName(report_, i, name))};
      bool any = false;
      for (const RatioColumn& column : kRatioColumns) {
        const Ratio* const ratio = RatioOfCell(i, column.metric);
        any |= ratio != nullptr;
        row.push_back(ratio == nullptr ? kUnknown : RatioValue(ratio->ratio));
      }
      if (any) table.Add(std::move(row));
    }
    return table.ToString("");
  }

  static std::string RatioValue(const Estimate& ratio) {
    if (ratio.low == ratio.high) return FormatRatio(ratio.value);
    return absl::StrCat(FormatRatio(ratio.value), " [", FormatRatio(ratio.low), "–",
                        FormatRatio(ratio.high), "]");
  }

  /// What all ratios but those of guards are to.
  std::string BaseName() const {
    const size_t base = report_.cells[report_.ratios[0].base].target;
    const bool same =
        std::all_of(report_.ratios.begin(), report_.ratios.end(), [&](const Ratio& ratio) {
          return report_.cells[ratio.other].is_guard || report_.cells[ratio.base].target == base;
        });
    return same ? Shortened(report_.targets[base].name) : "the first target";
  }

  static std::string TableText(const ReportTable& table) {
    TextTable text;
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (!IsNumeric(table, i)) text.SetLeft(i);
    }
    text.Add(table.columns);
    for (const std::vector<std::string>& row : table.rows) text.Add(row);
    return absl::StrCat(table.title, table.title.empty() ? "" : "\n", text.ToString("  "));
  }

  /// Columns of which at least half begin with a digit stand to the right.
  static bool IsNumeric(const ReportTable& table, size_t column) {
    size_t numeric = 0;
    for (const std::vector<std::string>& row : table.rows) {
      if (column >= row.size() || row[column].empty()) continue;
      const char c = row[column][0];
      numeric += c >= '0' && c <= '9' ? 1 : 0;
    }
    return 2 * numeric >= table.rows.size() && numeric > 0;
  }

  std::string Sentences() const {
    std::string text;
    for (const std::string& verdict : report_.verdicts) {
      text += Wrapped(absl::StrCat(verdict, "."), kWidth, "", "  ");
    }
    return text;
  }

  std::string NoticeText() const {
    std::string text;
    for (const Notice& notice : report_.notices) {
      text += Wrapped(absl::StrCat(LevelWord(notice.level), ": ", notice.text), kWidth, "", "  ");
    }
    return text;
  }

  static std::string LevelWord(Notice::Level level) {
    switch (level) {
      case Notice::Level::kNote:
        return "Note";
      case Notice::Level::kWarning:
        return "Warning";
      case Notice::Level::kInvalid:
        return "Invalid";
    }
    return "";
  }

  const Report& report_;
  std::string text_;
};

}  // namespace

std::string TextReport(const Report& report) { return ForTerminal(TextWriter(report).Write()); }

}  // namespace slipway::client
