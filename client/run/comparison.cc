#include "client/run/comparison.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace slipway::client {
namespace {

/// Fisher and Yates; std::shuffle may draw differently in another library.
std::vector<size_t> DrawOrder(size_t count, std::mt19937_64& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

}  // namespace

std::optional<double> MetricOf(const TrialResult& result, Metric metric) {
  const Histogram& latency = result.tally.ok_latency();
  switch (metric) {
    case Metric::kThroughput:
      return result.throughput();
    case Metric::kP50:
    case Metric::kP99:
      if (latency.count() == 0) return std::nullopt;
      return static_cast<double>(latency.ValueAt(metric == Metric::kP50 ? 50 : 99));
    case Metric::kServerCpu:
      return result.server_cpu_us();
    case Metric::kGeneratorCpu:
      if (result.window.finished == 0) return std::nullopt;
      return result.generator_cpu_us();
  }
  return std::nullopt;
}

std::optional<Summary> Comparison::Values(size_t target, Metric metric) const {
  std::vector<double> values;
  for (const auto& block : blocks) {
    if (const auto value = MetricOf(block[target], metric)) values.push_back(*value);
  }
  return Summarize(std::move(values));
}

std::optional<Summary> Comparison::Ratios(size_t target, Metric metric) const {
  std::vector<double> ratios;
  for (const auto& block : blocks) {
    const std::optional<double> base = MetricOf(block[0], metric);
    const std::optional<double> value = MetricOf(block[target], metric);
    if (base && value && *base > 0) ratios.push_back(*value / *base);
  }
  return Summarize(std::move(ratios));
}

Tally Comparison::Merged(size_t target) const {
  Tally merged;
  for (const auto& block : blocks) merged.Merge(block[target].tally);
  return merged;
}

absl::StatusOr<Comparison> Compare(std::vector<Plan> plans, int trials, uint64_t seed,
                                   const TrialRunner& run) {
  Comparison comparison;
  comparison.plans = std::move(plans);
  comparison.seed = seed;
  const size_t targets = comparison.plans.size();
  std::mt19937_64 random(seed);
  int number = 0;
  for (int block = 0; block < trials && !comparison.interrupted; ++block) {
    std::vector<TrialResult> results(targets);
    for (const size_t target : DrawOrder(targets, random)) {
      const Plan& plan = comparison.plans[target];
      absl::StatusOr<TrialResult> result = run(plan, ++number, trials * static_cast<int>(targets));
      if (!result.ok()) {
        return absl::Status(result.status().code(),
                            absl::StrCat(plan.target.url, ": ", result.status().message()));
      }
      comparison.interrupted = result->interrupted;
      if (comparison.interrupted) break;
      results[target] = *std::move(result);
    }
    if (!comparison.interrupted) comparison.blocks.push_back(std::move(results));
  }
  if (comparison.blocks.empty()) return absl::CancelledError("interrupted in the first trials");
  return comparison;
}

}  // namespace slipway::client
