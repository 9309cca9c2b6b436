#include "client/report/report.h"

namespace slipway::client {
namespace {

/// Medians are of the same trials each time somebody asks, so their intervals are the same too.
constexpr uint64_t kMedianSeed = 1;

std::optional<double> Percentile(const Histogram& latency, double percentile) {
  if (!EnoughFor(percentile, latency.count())) return std::nullopt;
  return static_cast<double>(latency.ValueAt(percentile));
}

}  // namespace

Tally Cell::Merged() const {
  Tally merged;
  for (const ReportTrial& trial : trials) merged.Merge(trial.result.tally);
  return merged;
}

std::string_view MetricName(Metric metric) {
  switch (metric) {
    case Metric::kThroughput:
      return "throughput";
    case Metric::kP50:
      return "p50";
    case Metric::kP90:
      return "p90";
    case Metric::kP99:
      return "p99";
    case Metric::kP999:
      return "p99.9";
    case Metric::kServerCpu:
      return "server_cpu";
    case Metric::kGeneratorCpu:
      return "generator_cpu";
    case Metric::kMachineCpu:
      return "machine_cpu";
  }
  return "unknown";
}

bool IsPercentile(Metric metric) {
  return metric == Metric::kP50 || metric == Metric::kP90 || metric == Metric::kP99 ||
         metric == Metric::kP999;
}

std::optional<double> MetricOf(const TrialResult& result, Metric metric) {
  switch (metric) {
    case Metric::kThroughput:
      if (result.elapsed.count() <= 0) return std::nullopt;
      return result.throughput();
    case Metric::kP50:
      return Percentile(result.tally.ok_latency(), 50);
    case Metric::kP90:
      return Percentile(result.tally.ok_latency(), 90);
    case Metric::kP99:
      return Percentile(result.tally.ok_latency(), 99);
    case Metric::kP999:
      return Percentile(result.tally.ok_latency(), 99.9);
    case Metric::kServerCpu:
      return result.server_cpu_us();
    case Metric::kGeneratorCpu:
      if (result.window.finished == 0) return std::nullopt;
      return result.generator_cpu_us();
    case Metric::kMachineCpu:
      return result.machine_cpu_us();
  }
  return std::nullopt;
}

std::optional<Estimate> MetricOf(const Cell& cell, Metric metric) {
  std::vector<double> values;
  for (const ReportTrial& trial : cell.trials) {
    if (const std::optional<double> value = MetricOf(trial.result, metric)) {
      values.push_back(*value);
    } else if (IsPercentile(metric)) {
      return std::nullopt;
    }
  }
  return MedianOf(values, kMedianSeed);
}

}  // namespace slipway::client
