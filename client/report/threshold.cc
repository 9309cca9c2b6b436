#include "client/report/threshold.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "client/measure/statistics.h"
#include "client/report/evaluate.h"
#include "client/report/format.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

using Operator = Condition::Operator;
using Quantity = Condition::Quantity;

constexpr char kMetrics[] =
    "p50 … p99.99, mean, max, lag_p99, service_p99, message_p99, acknowledged_p99, "
    "stream_wait_p99, errors, cut_off, throughput, server_cpu, generator_cpu, machine_cpu or "
    "ratio(METRIC)";

absl::Status Wrong(std::string_view text, std::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", OneLine(text), "\": ", std::string(problem)));
}

std::string_view OperatorText(Operator op) {
  switch (op) {
    case Operator::kLess:
      return "<";
    case Operator::kLessOrEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterOrEqual:
      return ">=";
  }
  return "?";
}

bool Holds(double found, Operator op, double value) {
  switch (op) {
    case Operator::kLess:
      return found < value;
    case Operator::kLessOrEqual:
      return found <= value;
    case Operator::kGreater:
      return found > value;
    case Operator::kGreaterOrEqual:
      return found >= value;
  }
  return false;
}

/// `p99`, `mean`, `max`.
bool ReadLatency(absl::string_view name, Condition* condition) {
  if (name == "mean" || name == "max") {
    condition->quantity = name == "mean" ? Quantity::kMean : Quantity::kMax;
    return true;
  }
  if (!absl::ConsumePrefix(&name, "p") || name.empty() || !absl::ascii_isdigit(name[0])) {
    return false;
  }
  condition->quantity = Quantity::kPercentile;
  return absl::SimpleAtod(name, &condition->percentile) && condition->percentile > 0 &&
         condition->percentile < 100;
}

/// The quantity by its name; false when there is no such.
bool ReadMetric(absl::string_view name, Condition* condition) {
  if (absl::ConsumePrefix(&name, "ratio(") && absl::ConsumeSuffix(&name, ")")) {
    const std::optional<Metric> metric = FindMetric(std::string(name));
    if (metric) condition->metric = *metric;
    condition->quantity = Quantity::kRatio;
    return metric.has_value();
  }
  if (name == "errors" || name == "cut_off") {
    condition->quantity = name == "errors" ? Quantity::kErrors : Quantity::kCutOff;
    return true;
  }
  if (name == "rate") name = "throughput";
  const std::optional<Metric> metric = FindMetric(std::string(name));
  if (metric && (*metric == Metric::kThroughput || *metric >= Metric::kServerCpu)) {
    condition->quantity = Quantity::kMetric;
    condition->metric = *metric;
    return true;
  }
  for (const Series series : kAllSeries) {
    const std::string prefix = absl::StrCat(std::string(SeriesName(series)), "_");
    if (series == Series::kOk || !absl::ConsumePrefix(&name, prefix)) continue;
    condition->series = series;
    break;
  }
  return ReadLatency(name, condition);
}

bool IsTime(const Condition& condition) {
  return condition.quantity == Quantity::kPercentile || condition.quantity == Quantity::kMean ||
         condition.quantity == Quantity::kMax;
}

bool IsCpu(const Condition& condition) {
  return condition.quantity == Quantity::kMetric && condition.metric >= Metric::kServerCpu;
}

/// How many nanoseconds one is.
std::optional<double> TimeUnit(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "µs" || unit == "μs") return 1e3;  // micro sign and Greek mu
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  return std::nullopt;
}

/// What the value's number is multiplied by; an error names what is allowed.
absl::StatusOr<double> UnitOf(const Condition& condition, std::string_view unit) {
  const auto wrong = [&](std::string_view allowed) {
    return Wrong(condition.text,
                 absl::StrCat(condition.name, " takes a value ", std::string(allowed), ", not \"",
                              condition.value_text, "\""));
  };
  if (IsTime(condition)) {
    if (const std::optional<double> time = TimeUnit(unit)) return *time;
    return wrong("in ns, us, ms or s, such as 5ms");
  }
  if (IsCpu(condition)) {
    if (unit.empty()) return 1;
    if (const std::optional<double> time = TimeUnit(unit)) return *time / 1e3;
    return wrong("in microseconds or in ns, us, ms or s, such as 40us");
  }
  if (condition.quantity == Quantity::kErrors) {
    if (unit.empty()) return 1;
    if (unit == "%") return 0.01;
    return wrong("in % or as a share, such as 0.1%");
  }
  if (unit.empty() || (condition.quantity == Quantity::kMetric && unit == "/s")) return 1;
  return wrong(condition.quantity == Quantity::kMetric ? "a second, such as 1000/s"
                                                       : "without a unit");
}

/// A condition that no share can meet would pass for ever.
absl::Status CheckShare(const Condition& condition) {
  const bool too_much =
      condition.value > 1 || (condition.value == 1 && condition.op == Operator::kGreater);
  if (condition.quantity != Quantity::kErrors || !too_much) return absl::OkStatus();
  return Wrong(condition.text,
               absl::StrCat("errors is never above 100 %: it takes 0% to 100%, or a share from 0 "
                            "to 1, such as 0.1% or 0.001, not \"",
                            condition.value_text, "\""));
}

absl::Status ReadValue(absl::string_view text, Condition* condition) {
  condition->value_text = std::string(text);
  const auto digits = std::find_if(text.begin(), text.end(), [](char c) {
    return !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != '.';
  });
  const auto length = static_cast<size_t>(digits - text.begin());
  double number = 0;
  if (length == 0 || !absl::SimpleAtod(text.substr(0, length), &number)) {
    return Wrong(condition->text,
                 absl::StrCat("the value must be a number of at least 0, not \"", text, "\""));
  }
  const std::string unit(absl::StripAsciiWhitespace(text.substr(length)));
  SLIPWAY_ASSIGN_OR_RETURN(const double factor, UnitOf(*condition, unit));
  condition->value = number * factor;
  if (!std::isfinite(condition->value)) {
    return Wrong(condition->text, absl::StrCat("the value \"", OneLine(condition->value_text, 40),
                                               "\" is too large; allowed is below 1e308"));
  }
  return CheckShare(*condition);
}

absl::Status NotMeasured(const Condition& condition, const std::string& cell,
                         std::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(
      condition.text, " cannot be judged: ", cell.empty() ? "" : absl::StrCat(cell, ": "),
      condition.name, " ", std::string(why)));
}

/// The median over the trials, or of all of them together where one has too few samples.
std::optional<double> CellPercentile(const Cell& cell, Series series, double percentile) {
  std::vector<double> values;
  for (const ReportTrial& trial : cell.trials) {
    const Histogram& times = trial.result.tally.Of(series);
    if (!EnoughFor(percentile, times.count())) break;
    values.push_back(static_cast<double>(times.ValueAt(percentile)));
  }
  if (!values.empty() && values.size() == cell.trials.size()) return MedianOf(values, 0)->value;
  const Tally merged = cell.Merged();
  const Histogram& times = merged.Of(series);
  if (!EnoughFor(percentile, times.count())) return std::nullopt;
  return static_cast<double>(times.ValueAt(percentile));
}

/// The quantity of one cell; nothing when it was not measured.
std::optional<double> ValueOf(const Condition& condition, const Cell& cell) {
  if (condition.quantity == Quantity::kMetric) {
    const std::optional<Estimate> estimate = MetricOf(cell, condition.metric);
    return estimate ? std::optional(estimate->value) : std::nullopt;
  }
  if (condition.quantity == Quantity::kPercentile) {
    return CellPercentile(cell, condition.series, condition.percentile);
  }
  const Tally merged = cell.Merged();
  int64_t cut_off = 0;
  for (const ReportTrial& trial : cell.trials) cut_off += trial.result.cut_off;
  if (condition.quantity == Quantity::kErrors) {
    const int64_t total = merged.total() + cut_off;
    if (total == 0) return std::nullopt;
    return static_cast<double>(merged.failed() + cut_off) / static_cast<double>(total);
  }
  if (condition.quantity == Quantity::kCutOff) {
    if (cell.trials.empty()) return std::nullopt;
    return static_cast<double>(cut_off);
  }
  const Histogram& times = merged.Of(condition.series);
  if (times.count() == 0) return std::nullopt;
  return condition.quantity == Quantity::kMean ? times.mean() : static_cast<double>(times.max());
}

std::string WhyNot(const Condition& condition, const Cell& cell) {
  if (!IsTime(condition)) return "was not measured";
  int64_t samples = 0;
  for (const ReportTrial& trial : cell.trials) {
    samples += trial.result.tally.Of(condition.series).count();
  }
  if (samples == 0) return "was not measured";
  return absl::StrCat("stands on too few samples, ", FormatCount(samples));
}

std::string ValueText(const Condition& condition, double value) {
  if (IsTime(condition)) return FormatNanoseconds(value);
  if (IsCpu(condition)) return absl::StrCat(FormatNumber(value), " µs");
  if (condition.quantity == Quantity::kErrors) return FormatShare(value);
  if (condition.quantity == Quantity::kCutOff) return FormatCount(std::llround(value));
  return absl::StrCat(FormatNumber(value), "/s");
}

std::string Relation(const Condition& condition, bool holds) {
  return absl::StrCat("which is ", holds ? "" : "not ", std::string(OperatorText(condition.op)),
                      " ", condition.value_text);
}

absl::StatusOr<Finding> JudgeCell(const Condition& condition, const Report& report, size_t index) {
  const std::string name = CellName(report, index);
  const std::optional<double> value = ValueOf(condition, report.cells[index]);
  if (!value) return NotMeasured(condition, name, WhyNot(condition, report.cells[index]));
  const bool holds = Holds(*value, condition.op, condition.value);
  return Finding{holds,
                 absl::StrCat(name.empty() ? "" : absl::StrCat(name, ": "), condition.name, " is ",
                              ValueText(condition, *value), ", ", Relation(condition, holds))};
}

absl::StatusOr<Finding> JudgeRatio(const Condition& condition, const Report& report,
                                   const Ratio& ratio) {
  const std::string name = CellName(report, ratio.other);
  if (!ratio.ratio.is_interval) {
    return NotMeasured(condition, name,
                       absl::StrCat("needs ", kFewestForInterval, " pairs of trials, there ",
                                    ratio.pairs == 1 ? "was " : "were ", ratio.pairs));
  }
  const bool upwards =
      condition.op == Operator::kGreater || condition.op == Operator::kGreaterOrEqual;
  const bool holds =
      Holds(upwards ? ratio.ratio.low : ratio.ratio.high, condition.op, condition.value);
  return Finding{
      holds, absl::StrCat(name, ": ", condition.name, " is ", FormatRatio(ratio.ratio.value), " (",
                          FormatRatio(ratio.ratio.low), "–", FormatRatio(ratio.ratio.high), "), ",
                          holds ? "" : "of which it is not sure that it is ",
                          holds ? Relation(condition, true)
                                : absl::StrCat(std::string(OperatorText(condition.op)), " ",
                                               condition.value_text))};
}

/// The first that holds, or the first.
class Findings {
 public:
  void Add(Finding finding) {
    if (!found_ || (finding.holds && !found_->holds)) found_ = std::move(finding);
  }
  std::optional<Finding> Take() { return std::move(found_); }

 private:
  std::optional<Finding> found_;
};

}  // namespace

absl::StatusOr<Condition> ParseCondition(std::string_view given) {
  const absl::string_view text =
      absl::StripAsciiWhitespace(absl::string_view(given.data(), given.size()));
  Condition condition;
  condition.text = std::string(text);
  const size_t op = text.find_first_of("<>");
  if (op == absl::string_view::npos) {
    return Wrong(condition.text,
                 "a condition is METRIC OP VALUE with <, <=, > or >= between, such as p99>5ms");
  }
  const bool less = text[op] == '<';
  const bool or_equal = op + 1 < text.size() && text[op + 1] == '=';
  condition.op = less ? (or_equal ? Operator::kLessOrEqual : Operator::kLess)
                      : (or_equal ? Operator::kGreaterOrEqual : Operator::kGreater);
  condition.name = std::string(absl::StripAsciiWhitespace(text.substr(0, op)));
  if (!ReadMetric(condition.name, &condition)) {
    return Wrong(condition.text, absl::StrCat("there is no metric \"", OneLine(condition.name),
                                              "\"; it must be ", kMetrics));
  }
  SLIPWAY_RETURN_IF_ERROR(
      ReadValue(absl::StripAsciiWhitespace(text.substr(op + (or_equal ? 2 : 1))), &condition));
  return condition;
}

absl::StatusOr<std::vector<Condition>> ParseConditions(std::string_view text) {
  std::vector<Condition> conditions;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    SLIPWAY_ASSIGN_OR_RETURN(conditions.emplace_back(),
                             ParseCondition(std::string_view(part.data(), part.size())));
  }
  return conditions;
}

absl::StatusOr<Finding> Judge(const Condition& condition, const Report& report) {
  Findings findings;
  if (condition.quantity == Quantity::kRatio) {
    for (const Ratio& ratio : report.ratios) {
      if (ratio.metric != condition.metric || report.cells[ratio.other].is_guard) continue;
      SLIPWAY_ASSIGN_OR_RETURN(Finding finding, JudgeRatio(condition, report, ratio));
      findings.Add(std::move(finding));
    }
  } else {
    for (const size_t i : JudgedCells(report)) {
      SLIPWAY_ASSIGN_OR_RETURN(Finding finding, JudgeCell(condition, report, i));
      findings.Add(std::move(finding));
    }
  }
  if (std::optional<Finding> found = findings.Take()) return *std::move(found);
  return NotMeasured(condition, "", "was not measured");
}

}  // namespace slipway::client
