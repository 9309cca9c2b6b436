#include "absl/status/status.h"
#include "client/command/commands.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"

namespace slipway::client {

ExitCode RunCommand(const std::vector<std::string>& arguments) {
  LoadOptions options;
  base::ConfigParser parser("slipway-load run", "Loads one target and reports what it did.");
  parser.AddPositionals(&options.targets, "URL",
                        "http[s]://HOST[:PORT]/PATH, h2c://HOST[:PORT]/PATH or "
                        "grpc[s]://HOST:PORT/pkg.Service/Method");
  AddLoadSwitches(parser, &options);
  AddRequestSwitches(parser, &options);
  if (const auto exit = ParseArguments(parser, arguments)) return *exit;
  if (options.targets.size() != 1) {
    return Complain(absl::InvalidArgumentError("run needs exactly one URL; see run --help"));
  }
  Session session(arguments, std::move(options));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<Plan> plan = session.Prepare(0);
  if (!plan.ok()) return Complain(plan.status());
  const absl::StatusOr<TrialResult> result = session.RunOne(*plan, 1, 1);
  if (!result.ok()) return Complain(result.status());
  Cell& cell = session.report().cells.emplace_back();
  cell.load = plan->load;
  cell.trials.push_back(ReportTrial{.result = *result});
  return session.End();
}

}  // namespace slipway::client
