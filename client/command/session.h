#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/command/commands.h"
#include "client/command/signal_scope.h"
#include "client/data/last_answer.h"
#include "client/process/child.h"
#include "client/process/scratch_directory.h"
#include "client/report/report.h"
#include "client/report/threshold.h"
#include "client/run/campaign.h"
#include "client/run/load_options.h"
#include "client/run/plan.h"
#include "client/run/target.h"

namespace slipway::client {

/// What a loading command does around its measuring, the same for all of them: refuses what cannot
/// be written or judged before anything is loaded, starts servers, shows progress, and ends with
/// the report and the exit code. Used by the main thread; the servers end with it.
///
/// From Begin on, SIGINT and SIGTERM end the loading after the step that is being done: what
/// follows is CANCELLED, campaigns report what they have. A second one ends the process.
class Session {
 public:
  /// `arguments` are the command's, its name first. Draws a seed where none was given.
  Session(const std::vector<std::string>& arguments, LoadOptions options);

  /// Before anything else: checks --fail-if and --output, starts the servers of --start and waits
  /// until they accept. INVALID_ARGUMENT for the command line, else why a server did not come up.
  absl::Status Begin();

  /// Makes the target `index` ready and adds it to the report; `answer` as in PreparePlan.
  absl::StatusOr<Plan> Prepare(size_t index, LastAnswer* answer = nullptr);
  /// Adds the target of a plan that was made otherwise to the report, and to the plan the process
  /// that was started for target `index`, if one was.
  void Add(Plan* plan, size_t index);
  /// All of them.
  absl::StatusOr<std::vector<Plan>> PrepareAll();

  /// One trial with its progress; `number` of `count`, where there are several.
  absl::StatusOr<TrialResult> RunOne(const Plan& plan, int number, int count);
  /// One trial of the only plan, and End.
  ExitCode RunAlone(const Plan& plan);
  /// A campaign; its cells are added to the report.
  absl::Status Measure(std::vector<Subject> subjects, const TrialOptions& trials);

  /// Not everything could be measured: says so in the report, and, unless that was CANCELLED, the
  /// program fails in the end.
  void NoteEarlyEnd(const absl::Status& why);

  const LoadOptions& options() const { return options_; }
  Report& report() { return report_; }

  /// Evaluates the report, prints it, writes its files, and says how the program ends.
  ExitCode End();

 private:
  bool WasInterrupted() const;
  absl::Status CheckInterrupted() const;
  absl::StatusOr<TrialResult> ShowAndRun(const Plan& plan, int number, int count) const;
  absl::Status AwaitServer(size_t index);
  absl::Status NotReached(size_t index, const Target& target, const absl::Status& why);
  /// The server of target `index`, if one was started.
  Child* ServerOf(size_t index);
  absl::Status StartServers();
  absl::Status StartServer(size_t index);
  absl::Status Restart(std::vector<Subject>* subjects);
  ExitCode Verdict() const;

  LoadOptions options_;
  std::vector<Condition> conditions_;
  std::optional<SignalScope> signals_;  // outlives what has to be put in order
  std::optional<ScratchDirectory> scratch_;
  std::vector<std::optional<Child>> servers_;  // by target
  Report report_;
  bool failed_ = false;
  bool interrupted_ = false;  // as trials have heard of it
};

}  // namespace slipway::client
