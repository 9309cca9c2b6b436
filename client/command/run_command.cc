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
  const absl::StatusOr<Plan> plan = session.Prepare(0);
  if (!plan.ok()) return Complain(plan.status());
  return session.RunAlone(*plan);
}

}  // namespace slipway::client
