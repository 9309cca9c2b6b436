#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "client/command/commands.h"
#include "client/command/levels.h"
#include "client/command/prepare.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"

namespace slipway::client {
namespace {

struct SweepOptions {
  LoadOptions load;
  LevelRange range;
  std::string levels;
  TrialOptions trials{.trials = 3};
};

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     SweepOptions* options) {
  base::ConfigParser parser("slipway-load sweep",
                            "Loads one or several targets at concurrencies on a logarithmic scale, "
                            "in random order and\nseveral times. Without --requests and --duration "
                            "a trial takes 3s.");
  LoadOptions& load = options->load;
  parser.AddPositionals(&load.targets, "URL…", "the targets");
  load.warmup = kDefaultWarmup;
  AddLoadSwitches(parser, &load);
  AddRequestSwitches(parser, &load);
  parser.AddInt("from", &options->range.from, 1, 1'000'000, "the lowest concurrency");
  parser.AddInt("to", &options->range.to, 1, 1'000'000, "the highest concurrency");
  parser.AddInt("per-decade", &options->range.per_decade, 1, 100,
                "levels from one power of ten to the next");
  parser.AddString("levels", &options->levels, "these concurrencies instead: 1,10,100")
      .Placeholder("N,N…");
  AddTrialSwitches(parser, 10'000, "how often each level is loaded", &options->trials);
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  if (load.targets.empty()) return Complain(absl::InvalidArgumentError("sweep needs a URL"));
  if (load.rate > 0 || !load.schedule.empty()) {
    return Complain(absl::InvalidArgumentError(
        "sweep is for the closed loop; search goes through rates (--rate, --schedule)"));
  }
  if (load.concurrency > 0) {
    return Complain(
        absl::InvalidArgumentError("sweep takes --from and --to, or --levels, instead "
                                   "of --concurrency"));
  }
  if (load.requests == 0 && load.duration.count() == 0) load.duration = kDefaultTrial;
  return std::nullopt;
}

/// Fewer requests than a level wants in flight would load another level than the report says.
absl::Status CheckLevels(const std::vector<uint32_t>& levels, const LoadOptions& load) {
  if (load.requests == 0 || levels.back() <= load.requests) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "--requests %d is less than the highest concurrency, %d: allowed are as many requests as are "
      "in flight, or more; give a lower --to or other --levels",
      load.requests, levels.back()));
}

absl::StatusOr<std::vector<Subject>> SubjectsOf(const std::vector<Plan>& plans,
                                                const std::vector<uint32_t>& levels,
                                                const LoadOptions& options) {
  std::vector<Subject> subjects;
  for (const uint32_t level : levels) {
    for (size_t i = 0; i < plans.size(); ++i) {
      SLIPWAY_ASSIGN_OR_RETURN(Plan plan, WithConcurrency(plans[i], options, level));
      subjects.push_back(Subject{std::move(plan), i, false});
    }
  }
  return subjects;
}

}  // namespace

ExitCode SweepCommand(const std::vector<std::string>& arguments) {
  SweepOptions options;
  if (const auto exit = ParseOptions(arguments, &options)) return *exit;
  const absl::StatusOr<std::vector<uint32_t>> levels =
      options.levels.empty() ? LevelsOf(options.range) : ParseLevels(options.levels);
  if (!levels.ok()) return Complain(levels.status());
  if (const absl::Status status = CheckLevels(*levels, options.load); !status.ok()) {
    return Complain(status);
  }
  options.load.concurrency = levels->back();
  Session session(arguments, std::move(options.load));
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  const absl::StatusOr<std::vector<Plan>> plans = session.PrepareAll();
  if (!plans.ok()) return Complain(plans.status());
  absl::StatusOr<std::vector<Subject>> subjects = SubjectsOf(*plans, *levels, session.options());
  if (!subjects.ok()) return Complain(subjects.status());
  const absl::Status status = session.Measure(*std::move(subjects), options.trials);
  return status.ok() ? session.End() : Complain(status);
}

}  // namespace slipway::client
