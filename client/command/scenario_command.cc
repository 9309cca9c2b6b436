#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/command/commands.h"
#include "client/command/grpc_schema.h"
#include "client/command/prepare.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"
#include "client/data/read_file.h"
#include "client/run/target.h"
#include "client/scenario/scenario_file.h"
#include "client/scenario/scenario_workload.h"

namespace slipway::client {
namespace {

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     LoadOptions* options, std::string* path) {
  base::ConfigParser parser(
      "slipway-load scenario",
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

/// Which of `values`, of a switch that is given in the order of the file's servers, is the only one
/// that says something; 0 when none does. One process is measured, so no more are allowed.
absl::StatusOr<size_t> OnlyOne(const char* name, const std::vector<std::string>& values,
                               const ScenarioFile& file) {
  std::optional<size_t> only;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty()) continue;
    if (only) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--%s: a scenario measures one of its servers; give it once, at the place of that server "
          "('' for those before it)",
          name));
    }
    only = i;
  }
  if (!only || *only < file.origins().size()) return only.value_or(0);
  return absl::InvalidArgumentError(
      absl::StrFormat("--%s is given for server %d of %d", name, *only + 1, file.origins().size()));
}

/// The server whose process is measured.
absl::StatusOr<size_t> MeasuredServer(const LoadOptions& options, const ScenarioFile& file) {
  if (options.names.size() > 1) {
    return absl::InvalidArgumentError("--name: a scenario has one name");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const size_t started, OnlyOne("start", options.start, file));
  SLIPWAY_ASSIGN_OR_RETURN(const size_t named, OnlyOne("pid", options.pids, file));
  return options.start.empty() ? named : started;
}

absl::StatusOr<ScenarioFile> ReadScenarios(const std::string& path) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string yaml, ReadFile(path));
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

void NameServers(const std::vector<EngineSpec>& engines, ReportTarget* target) {
  std::vector<std::string> protocols, addresses;
  const auto add = [](std::string name, std::vector<std::string>* names) {
    const bool known = std::find(names->begin(), names->end(), name) != names->end();
    if (!known) names->push_back(std::move(name));
  };
  for (const EngineSpec& engine : engines) {
    add(std::string(ProtocolName(engine.kind)), &protocols);
    add(ToString(engine.endpoint), &addresses);
  }
  target->protocol = absl::StrJoin(protocols, kServersJoin);
  target->address = absl::StrJoin(addresses, kServersJoin);
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
  plan.target.name = options.names.empty() ? path : options.names.front();
  plan.target.url = file.origins().front().url;
  SLIPWAY_ASSIGN_OR_RETURN(plan.workload, MakeScenarioWorkload(std::move(file), look_up));
  for (EngineSpec& engine : plan.engines) engine.keep_response = plan.workload->reads_responses();
  SLIPWAY_ASSIGN_OR_RETURN(plan.load, DecideLoad(options, KindForLoad(plan.engines)));
  SLIPWAY_RETURN_IF_ERROR(CheckFileLimit(plan.load, plan.engines));
  plan.seed = options.seed;
  NameServers(plan.engines, &plan.target);
  plan.target.engine = "native";
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
  const absl::StatusOr<size_t> measured = MeasuredServer(options, *file);
  if (!measured.ok()) return Complain(measured.status());
  // --start and --pid count the file's servers in their order.
  for (const ScenarioOrigin& origin : file->origins()) options.targets.push_back(origin.url);
  Session session(arguments, std::move(options));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<Plan> plan = PrepareScenario(session.options(), path, *std::move(file));
  if (!plan.ok()) return Complain(plan.status());
  const auto pid = ServerPid(session.options(), *measured);
  if (!pid.ok()) return Complain(pid.status());
  plan->server_pid = *pid;
  session.Add(&*plan, *measured);
  return session.RunAlone(*plan);
}

}  // namespace slipway::client
