#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/report/compare_report.h"
#include "client/report/progress.h"
#include "client/run/command_support.h"
#include "client/run/commands.h"
#include "client/run/comparison.h"
#include "client/run/flags.h"
#include "client/run/plan.h"
#include "client/run/trial.h"

namespace slipway::client {
namespace {

constexpr std::chrono::seconds kDefaultTrial(3);
constexpr std::chrono::milliseconds kDefaultWarmup(500);

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     LoadOptions* options) {
  base::ConfigParser parser("slipway-load compare",
                            "Loads several targets in turn, in random order and several times, "
                            "and reports how\nthey compare with the first. Without --requests and "
                            "--duration a trial takes 3s.");
  parser.AddPositionals(&options->targets, "URL URL…", "the targets; the first is the measure");
  options->warmup = kDefaultWarmup;
  AddLoadSwitches(parser, options);
  parser.AddInt("trials", &options->trials, 1, 10'000, "how often each target is loaded");
  parser.AddInt("seed", &options->seed, 0, INT64_MAX, "of the random order; 0: a random one");
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  if (options->targets.size() < 2) {
    return Complain(absl::InvalidArgumentError("compare needs two URLs or more"));
  }
  if (options->requests == 0 && options->duration.count() == 0) options->duration = kDefaultTrial;
  if (options->seed == 0) options->seed = std::random_device{}() + 1ull;
  return std::nullopt;
}

absl::StatusOr<TrialResult> RunOne(const LoadOptions& options, const Plan& plan, int number,
                                   int count) {
  if (options.no_progress) return RunTrial(plan, {});
  Progress progress(absl::StrFormat("trial %d of %d", number, count));
  return RunTrial(plan, [&progress](const TrialProgress& now) { progress.Show(now); });
}

ExitCode Judge(const LoadOptions& options, const Comparison& comparison) {
  bool saturated = false;
  for (size_t i = 0; i < comparison.plans.size(); ++i) {
    if (comparison.Merged(i).ok() == 0) return kExitFailed;
    for (const auto& block : comparison.blocks) saturated |= block[i].generator_saturated();
  }
  return saturated && options.strict ? kExitInvalid : kExitOk;
}

}  // namespace

ExitCode CompareCommand(const std::vector<std::string>& arguments) {
  LoadOptions options;
  if (const auto exit = ParseOptions(arguments, &options)) return *exit;
  std::vector<Plan> plans;
  for (size_t i = 0; i < options.targets.size(); ++i) {
    absl::StatusOr<Plan> plan = PreparePlan(options, i);
    if (!plan.ok()) return Complain(plan.status());
    plans.push_back(*std::move(plan));
  }
  const absl::StatusOr<Comparison> comparison =
      Compare(std::move(plans), options.trials, options.seed,
              [&options](const Plan& plan, int number, int count) {
                return RunOne(options, plan, number, count);
              });
  if (!comparison.ok()) return Complain(comparison.status());
  const bool written =
      WriteReport(options, options.format == ReportFormat::kJson ? JsonCompareReport(*comparison)
                                                                 : TextCompareReport(*comparison));
  return written ? Judge(options, *comparison) : kExitFailed;
}

}  // namespace slipway::client
