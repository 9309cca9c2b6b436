#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/command/commands.h"
#include "client/command/grpc_schema.h"
#include "client/command/prepare.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"
#include "client/run/target.h"
#include "client/scenario/scenario_file.h"
#include "client/scenario/scenario_workload.h"

namespace slipway::client {
namespace {

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     LoadOptions* options, std::string* path) {
  base::ConfigParser parser("slipway-load scenario",
                            "Users who take several steps, one after the other, as a file describes "
                            "them. A request is one user's\nway through all steps; -c says how many "
                            "users there are at a time.");
  std::vector<std::string> paths;
  parser.AddPositionals(&paths, "FILE.yaml", "the scenarios");
  AddLoadSwitches(parser, options);
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  if (paths.size() != 1) {
    return Complain(absl::InvalidArgumentError("scenario needs exactly one FILE.yaml"));
  }
  if (options->engine == EngineChoice::kGrpcpp) {
    return Complain(absl::InvalidArgumentError("--engine grpc++ is not for scenarios"));
  }
  *path = paths.front();
  return std::nullopt;
}

absl::StatusOr<ScenarioFile> ReadScenarios(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  const std::string yaml(std::istreambuf_iterator<char>(file), {});
  absl::StatusOr<ScenarioFile> scenarios = ParseScenarioFile(yaml);
  if (scenarios.ok()) return scenarios;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", scenarios.status().message()));
}

/// Where all users of a load share one kind of loop, their connections are decided for it; HTTP/1.1
/// beside others still has a connection for each user.
EngineKind KindForLoad(const std::vector<EngineSpec>& engines) {
  for (const EngineSpec& engine : engines) {
    if (engine.kind != EngineKind::kHttp1) return engine.kind;
  }
  return EngineKind::kHttp1;
}

absl::StatusOr<Plan> PrepareScenario(const LoadOptions& options, const std::string& path,
                                     ScenarioFile file) {
  Plan plan;
  std::map<size_t, std::shared_ptr<const schema::Schema>> schemas;
  for (size_t i = 0; i < file.origins().size(); ++i) {
    const ScenarioOrigin& origin = file.origins()[i];
    SLIPWAY_ASSIGN_OR_RETURN(const Target target, ParseOrigin(origin.url));
    SLIPWAY_ASSIGN_OR_RETURN(plan.engines.emplace_back(), ResolveEngine(options, target));
    if (!origin.grpc_methods.empty()) {
      SLIPWAY_ASSIGN_OR_RETURN(schemas[i], LoadSchema(plan.engines.back(), options));
    }
  }
  const auto look_up = [&schemas](size_t origin, const std::string& method) {
    return FindGrpcMethod(schemas[origin], method);
  };
  plan.target.name = path;
  plan.target.url = file.origins().front().url;
  SLIPWAY_ASSIGN_OR_RETURN(plan.workload, MakeScenarioWorkload(std::move(file), look_up));
  for (EngineSpec& engine : plan.engines) engine.keep_response = plan.workload->reads_responses();
  SLIPWAY_ASSIGN_OR_RETURN(plan.load, DecideLoad(options, KindForLoad(plan.engines)));
  SLIPWAY_RETURN_IF_ERROR(CheckFileLimit(plan.load));
  plan.seed = options.seed;
  plan.target.protocol = ProtocolName(plan.engines.front().kind);
  plan.target.engine = "native";
  plan.target.address = ToString(plan.engines.front().endpoint);
  plan.target.steps = plan.workload->steps();
  plan.target.request_bytes = plan.workload->request_bytes();
  return plan;
}

}  // namespace

ExitCode ScenarioCommand(const std::vector<std::string>& arguments) {
  LoadOptions options;
  std::string path;
  if (const auto exit = ParseOptions(arguments, &options, &path)) return *exit;
  absl::StatusOr<ScenarioFile> file = ReadScenarios(path);
  if (!file.ok()) return Complain(file.status());
  // Servers are started and measured by the origins, in their order.
  for (const ScenarioOrigin& origin : file->origins()) options.targets.push_back(origin.url);
  Session session(arguments, std::move(options));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<Plan> plan = PrepareScenario(session.options(), path, *std::move(file));
  if (!plan.ok()) return Complain(plan.status());
  if (const absl::Status status = session.Add(&*plan, 0); !status.ok()) return Complain(status);
  return session.RunAlone(*plan);
}

}  // namespace slipway::client
