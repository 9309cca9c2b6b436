#include "client/report/compare_report.h"

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "client/measure/summary.h"
#include "client/report/format.h"
#include "client/report/json_writer.h"
#include "client/report/run_report.h"

namespace slipway::client {
namespace {

constexpr char kNone[] = "–";

struct MetricText {
  std::string_view name;
  std::string_view json_name;
};

MetricText TextOf(Metric metric) {
  switch (metric) {
    case Metric::kThroughput:
      return {"Throughput", "throughput_per_s"};
    case Metric::kP50:
      return {"Latency p50", "p50_ms"};
    case Metric::kP99:
      return {"Latency p99", "p99_ms"};
    case Metric::kServerCpu:
      return {"Server CPU/request", "server_cpu_us"};
    case Metric::kGeneratorCpu:
      return {"Generator CPU/request", "generator_cpu_us"};
  }
  return {};
}

std::string FormatMetric(Metric metric, double value) {
  switch (metric) {
    case Metric::kThroughput:
      return absl::StrCat(FormatNumber(value), " ok/s");
    case Metric::kP50:
    case Metric::kP99:
      return FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(value)));
    case Metric::kServerCpu:
    case Metric::kGeneratorCpu:
      return absl::StrCat(FormatNumber(value), " µs");
  }
  return {};
}

std::string FormatRatio(const Summary& ratio) {
  return absl::StrCat(FormatNumber(ratio.median), " [", FormatNumber(ratio.min), " – ",
                      FormatNumber(ratio.max), "]");
}

/// Latencies are milliseconds in JSON.
double JsonValue(Metric metric, double value) {
  return metric == Metric::kP50 || metric == Metric::kP99 ? value / 1e6 : value;
}

bool Measured(const Comparison& comparison, Metric metric) {
  for (size_t i = 0; i < comparison.plans.size(); ++i) {
    if (comparison.Values(i, metric)) return true;
  }
  return false;
}

std::string HeadLines(const Comparison& comparison) {
  const Plan& plan = comparison.plans[0];
  std::string text = absl::StrCat(
      comparison.plans.size(), " targets, ", comparison.blocks.size(),
      comparison.blocks.size() == 1 ? " trial" : " trials", " of each in random order (seed ",
      comparison.seed, "); ", FormatCount(plan.concurrency), " in flight, ",
      plan.requests > 0 ? absl::StrCat(FormatCount(plan.requests), " requests")
                        : FormatDuration(plan.duration),
      " a trial");
  if (plan.warmup.count() > 0) {
    absl::StrAppend(&text, " after ", FormatDuration(plan.warmup), " of warm-up");
  }
  text += "\n\n";
  for (size_t i = 0; i < comparison.plans.size(); ++i) {
    absl::StrAppend(&text, "  ", i + 1, "  ", TargetLine(comparison.plans[i]), "\n");
  }
  return text;
}

std::string ValueTable(const Comparison& comparison) {
  TextTable table;
  TextTable::Row head{"Median of the trials"};
  for (size_t i = 0; i < comparison.plans.size(); ++i) head.push_back(absl::StrCat(i + 1));
  table.Add(std::move(head));
  for (const Metric metric : kMetrics) {
    if (!Measured(comparison, metric)) continue;
    TextTable::Row row{absl::StrCat("  ", std::string(TextOf(metric).name))};
    for (size_t i = 0; i < comparison.plans.size(); ++i) {
      const std::optional<Summary> values = comparison.Values(i, metric);
      row.push_back(values ? FormatMetric(metric, values->median) : kNone);
    }
    table.Add(std::move(row));
  }
  TextTable::Row failed{"  Failed, of all"};
  for (size_t i = 0; i < comparison.plans.size(); ++i) {
    const Tally tally = comparison.Merged(i);
    failed.push_back(absl::StrCat(FormatCount(tally.failed()), " of ", FormatCount(tally.total())));
  }
  table.Add(std::move(failed));
  return table.ToString("");
}

std::string RatioTable(const Comparison& comparison) {
  TextTable table;
  TextTable::Row head{"Ratio to 1, median [min – max]"};
  for (size_t i = 1; i < comparison.plans.size(); ++i) head.push_back(absl::StrCat(i + 1));
  table.Add(std::move(head));
  for (const Metric metric : kMetrics) {
    if (!Measured(comparison, metric)) continue;
    TextTable::Row row{absl::StrCat("  ", std::string(TextOf(metric).name))};
    for (size_t i = 1; i < comparison.plans.size(); ++i) {
      const std::optional<Summary> ratio = comparison.Ratios(i, metric);
      row.push_back(ratio ? FormatRatio(*ratio) : kNone);
    }
    table.Add(std::move(row));
  }
  return table.ToString("");
}

/// The median over a target's trials.
double WaitedShare(const Comparison& comparison, size_t target) {
  std::vector<double> shares;
  for (const auto& block : comparison.blocks) shares.push_back(block[target].waited_share());
  const std::optional<Summary> summary = Summarize(std::move(shares));
  return summary ? summary->median : 0;
}

/// Each thing said once for a target, whatever the number of its trials.
std::vector<std::string> CompareWarnings(const Comparison& comparison) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < comparison.plans.size(); ++i) {
    size_t saturated = 0;
    for (const auto& block : comparison.blocks) saturated += block[i].generator_saturated();
    if (saturated > 0) {
      warnings.push_back(absl::StrCat("target ", i + 1, ": the generator was the bottleneck in ",
                                      saturated, " of ", comparison.blocks.size(), " trials"));
    }
    if (const auto waited = WaitedShare(comparison, i); waited >= kMuchWaiting) {
      warnings.push_back(absl::StrCat("target ", i + 1, ": the generator waited for a core ",
                                      FormatShare(waited),
                                      " of the time, which is in the latencies"));
    }
    const Tally merged = comparison.Merged(i);
    for (const Failure& failure : merged.failures()) {
      warnings.push_back(absl::StrCat("target ", i + 1, ": ", FormatCount(failure.count),
                                      " requests failed: ", SortName(failure.kind, failure.code),
                                      " ", failure.message.substr(0, 100)));
    }
  }
  if (comparison.interrupted) warnings.push_back("interrupted: the trials begun last are left out");
  return warnings;
}

void WriteSummary(Metric metric, const Summary& summary, bool ratio, JsonWriter* json) {
  const auto value = [&](double number) { return ratio ? number : JsonValue(metric, number); };
  json->BeginObject();
  json->Key("median").Number(value(summary.median));
  json->Key("min").Number(value(summary.min));
  json->Key("max").Number(value(summary.max));
  json->EndObject();
}

void WriteTarget(const Comparison& comparison, size_t target, JsonWriter* json) {
  json->BeginObject();
  json->Key("target");
  WritePlan(comparison.plans[target], json);
  for (const bool ratio : {false, true}) {
    json->Key(ratio ? "ratio_to_first" : "trials_median").BeginObject();
    for (const Metric metric : kMetrics) {
      const std::optional<Summary> summary =
          ratio ? comparison.Ratios(target, metric) : comparison.Values(target, metric);
      if (!summary) continue;
      json->Key(TextOf(metric).json_name);
      WriteSummary(metric, *summary, ratio, json);
    }
    json->EndObject();
  }
  json->Key("trials").BeginArray();
  for (const auto& block : comparison.blocks) WriteResult(block[target], json);
  json->EndArray();
  json->EndObject();
}

}  // namespace

std::string TextCompareReport(const Comparison& comparison) {
  std::string text = absl::StrCat(HeadLines(comparison), "\n", ValueTable(comparison), "\n",
                                  RatioTable(comparison));
  const std::vector<std::string> warnings = CompareWarnings(comparison);
  if (!warnings.empty()) text += '\n';
  for (const std::string& warning : warnings) absl::StrAppend(&text, "Warning: ", warning, "\n");
  return text;
}

std::string JsonCompareReport(const Comparison& comparison) {
  JsonWriter json;
  json.BeginObject();
  json.Key("program").String(absl::StrCat("slipway-load ", std::string(base::kVersion)));
  json.Key("command").String("compare");
  json.Key("seed").String(absl::StrCat(comparison.seed));
  json.Key("interrupted").Bool(comparison.interrupted);
  json.Key("targets").BeginArray();
  for (size_t i = 0; i < comparison.plans.size(); ++i) WriteTarget(comparison, i, &json);
  json.EndArray();
  json.Key("warnings").BeginArray();
  for (const std::string& warning : CompareWarnings(comparison)) json.String(warning);
  json.EndArray();
  json.EndObject();
  return json.text();
}

}  // namespace slipway::client
