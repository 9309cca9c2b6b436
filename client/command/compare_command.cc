#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "client/command/commands.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"

namespace slipway::client {
namespace {

struct CompareOptions {
  LoadOptions load;
  TrialOptions trials{.trials = 9};
  bool no_guard = false;
};

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     CompareOptions* options) {
  base::ConfigParser parser(
      "slipway-load compare",
      "Loads several targets in turn, in random order and several times, and reports how\n"
      "they compare with the first. The first one is loaded twice in each block, to see how\n"
      "much differs when nothing does. Without --requests and --duration a trial takes 3s.");
  LoadOptions& load = options->load;
  parser.AddPositionals(&load.targets, "URL URL…", "the targets; the first is the measure");
  load.warmup = kDefaultWarmup;
  AddLoadSwitches(parser, &load);
  AddRequestSwitches(parser, &load);
  AddTrialSwitches(parser, 1000, "how often each target is loaded", &options->trials);
  parser.AddBool("no-guard", &options->no_guard, "do not load the first target twice");
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  if (load.targets.size() < 2) {
    return Complain(absl::InvalidArgumentError("compare needs two URLs or more"));
  }
  if (load.requests == 0 && load.duration.count() == 0 && load.schedule.empty()) {
    load.duration = kDefaultTrial;
  }
  return std::nullopt;
}

std::vector<Subject> SubjectsOf(std::vector<Plan> plans, bool with_guard) {
  std::vector<Subject> subjects;
  for (size_t i = 0; i < plans.size(); ++i) subjects.push_back(Subject{plans[i], i, false});
  if (with_guard) subjects.push_back(Subject{plans.front(), 0, true});
  return subjects;
}

}  // namespace

ExitCode CompareCommand(const std::vector<std::string>& arguments) {
  CompareOptions options;
  if (const auto exit = ParseOptions(arguments, &options)) return *exit;
  Session session(arguments, std::move(options.load));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<std::vector<Plan>> plans = session.PrepareAll();
  if (!plans.ok()) return Complain(plans.status());
  const absl::Status status =
      session.Measure(SubjectsOf(*std::move(plans), !options.no_guard), options.trials);
  return status.ok() ? session.End() : Complain(status);
}

}  // namespace slipway::client
