#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "client/report/progress.h"
#include "client/report/run_report.h"
#include "client/run/command_support.h"
#include "client/run/commands.h"
#include "client/run/flags.h"
#include "client/run/plan.h"
#include "client/run/trial.h"

namespace slipway::client {
namespace {

ExitCode Judge(const LoadOptions& options, const TrialResult& result) {
  if (result.tally.ok() == 0) return kExitFailed;
  if (options.strict && result.generator_saturated()) return kExitInvalid;
  return kExitOk;
}

absl::StatusOr<TrialResult> RunWithProgress(const LoadOptions& options, const Plan& plan) {
  if (options.no_progress) return RunTrial(plan, {});
  Progress progress("");
  return RunTrial(plan, [&progress](const TrialProgress& now) { progress.Show(now); });
}

}  // namespace

ExitCode RunCommand(const std::vector<std::string>& arguments) {
  LoadOptions options;
  base::ConfigParser parser("slipway-load run", "Loads one target and reports what it did.");
  parser.AddPositionals(&options.targets, "URL",
                        "http://HOST[:PORT]/PATH or grpc[s]://HOST:PORT/pkg.Service/Method");
  AddLoadSwitches(parser, &options);
  if (const auto exit = ParseArguments(parser, arguments)) return *exit;
  if (options.targets.size() != 1) {
    return Complain(absl::InvalidArgumentError("run needs exactly one URL; see run --help"));
  }
  const absl::StatusOr<Plan> plan = PreparePlan(options, 0);
  if (!plan.ok()) return Complain(plan.status());
  const absl::StatusOr<TrialResult> result = RunWithProgress(options, *plan);
  if (!result.ok()) return Complain(result.status());
  const bool written =
      WriteReport(options, options.format == ReportFormat::kJson ? JsonRunReport(*plan, *result)
                                                                 : TextRunReport(*plan, *result));
  return written ? Judge(options, *result) : kExitFailed;
}

}  // namespace slipway::client
