#include "client/command/session.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "client/command/prepare.h"
#include "client/command/support.h"
#include "client/engine/address.h"
#include "client/report/names.h"
#include "client/report/progress.h"
#include "client/report/write.h"
#include "client/run/trial.h"

namespace slipway::client {
namespace {

/// How long a server of --start may take before it accepts connections.
constexpr auto kStartPatience = std::chrono::seconds(60);
constexpr auto kStartPoll = std::chrono::milliseconds(20);
constexpr auto kProbe = std::chrono::seconds(1);
/// Characters: a server that has ended may have said much.
constexpr size_t kLongestNotice = 400;

bool NothingSucceeded(const Report& report) {
  return std::all_of(report.cells.begin(), report.cells.end(),
                     [](const Cell& cell) { return cell.Merged().ok() == 0; });
}

bool TargetFailed(const Report& report) {
  for (size_t target = 0; target < report.targets.size(); ++target) {
    bool measured = false, ok = false;
    for (const Cell& cell : report.cells) {
      if (cell.target != target || cell.trials.empty()) continue;
      measured = true;
      ok |= cell.Merged().ok() > 0;
    }
    if (measured && !ok) return true;
  }
  return false;
}

bool IsInvalid(const Report& report) {
  return std::any_of(report.notices.begin(), report.notices.end(),
                     [](const Notice& notice) { return notice.level == Notice::Level::kInvalid; });
}

}  // namespace

Session::Session(const std::vector<std::string>& arguments, LoadOptions options)
    : options_(std::move(options)) {
  if (options_.seed == 0) options_.seed = std::random_device{}() + uint64_t{1};
  report_.program = absl::StrCat("slipway-load ", std::string(base::kVersion));
  report_.command = arguments.front();
  report_.command_line = arguments;
  report_.command_line.insert(report_.command_line.begin(), "slipway-load");
  MeasuringBegan();
  report_.started = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  report_.machine = DescribeMachine();
  report_.seed = options_.seed;
}

absl::Status Session::Begin() {
  for (const std::string& text : options_.fail_if) {
    absl::StatusOr<Condition> condition = ParseCondition(text);
    if (!condition.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--fail-if: ", condition.status().message()));
    }
    conditions_.push_back(*std::move(condition));
  }
  for (const std::string& path : options_.outputs) {
    const absl::Status status = CheckReportFile(path);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--output: ", status.message()));
    }
  }
  if (options_.targets.empty()) return absl::OkStatus();  // nothing is loaded
  signals_.emplace();
  servers_.resize(options_.targets.size());
  return StartServers();
}

bool Session::WasInterrupted() const {
  return interrupted_ || (signals_ && signals_->interrupted());
}

absl::Status Session::CheckInterrupted() const {
  return WasInterrupted() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

Child* Session::ServerOf(size_t index) {
  const size_t starter = StarterOf(options_, index).value_or(index);
  return starter < servers_.size() && servers_[starter] ? &*servers_[starter] : nullptr;
}

/// Why `target` is not to be had, although its server, if it has one, has been started.
absl::Status Session::NotReached(size_t index, const Target& target, const absl::Status& why) {
  const Child* server = ServerOf(index);
  const absl::Status said =
      server == nullptr
          ? why
          : server->DoesNotAccept(absl::StrCat(target.host, ":", target.port), kStartPatience);
  return absl::UnavailableError(absl::StrCat("after --start: ", said.message()));
}

/// Looks until something accepts connections, while the server that was started for it lives.
absl::Status Session::AwaitServer(size_t index) {
  SLIPWAY_ASSIGN_OR_RETURN(const Target target, ParseOrigin(options_.targets[index]));
  const rpc::Time give_up = rpc::Clock::now() + kStartPatience;
  while (true) {
    SLIPWAY_RETURN_IF_ERROR(CheckInterrupted());
    if (Child* server = ServerOf(index)) SLIPWAY_RETURN_IF_ERROR(server->CheckAlive());
    const absl::Status reachable = FindReachable(target.host, target.port, kProbe).status();
    if (reachable.ok()) return absl::OkStatus();
    if (rpc::Clock::now() >= give_up) return NotReached(index, target, reachable);
    std::this_thread::sleep_for(kStartPoll);
  }
}

/// A server may serve several targets, so all of them are waited for.
absl::Status Session::StartServers() {
  if (options_.start.empty()) return absl::OkStatus();
  for (size_t i = 0; i < servers_.size(); ++i) {
    SLIPWAY_RETURN_IF_ERROR(StarterOf(options_, i).status());
  }
  for (size_t i = 0; i < servers_.size(); ++i) SLIPWAY_RETURN_IF_ERROR(StartServer(i));
  for (size_t i = 0; i < servers_.size(); ++i) SLIPWAY_RETURN_IF_ERROR(AwaitServer(i));
  return absl::OkStatus();
}

absl::Status Session::StartServer(size_t index) {
  if (index >= options_.start.size() || options_.start[index].empty()) return absl::OkStatus();
  if (StarterOf(options_, index).value_or(index) != index) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(CheckInterrupted());
  SLIPWAY_ASSIGN_OR_RETURN(const Target target, ParseOrigin(options_.targets[index]));
  if (!scratch_) {
    SLIPWAY_ASSIGN_OR_RETURN(scratch_, ScratchDirectory::Make());
  }
  servers_[index].reset();
  if (FindReachable(target.host, target.port, kProbe).ok()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "--start: something accepts connections at %s:%d already", target.host, target.port));
  }
  SLIPWAY_ASSIGN_OR_RETURN(
      servers_[index],
      Child::StartShell(options_.start[index], scratch_->File(absl::StrCat("server-", index))));
  return absl::OkStatus();
}

absl::StatusOr<Plan> Session::Prepare(size_t index, LastAnswer* answer) {
  SLIPWAY_RETURN_IF_ERROR(CheckInterrupted());
  SLIPWAY_ASSIGN_OR_RETURN(Plan plan, PreparePlan(options_, index, answer));
  Add(&plan, index);
  return plan;
}

void Session::Add(Plan* plan, size_t index) {
  if (const Child* server = ServerOf(index)) plan->server_pid = server->pid();
  plan->target.name = FreeTargetName(report_.targets, plan->target.name);
  report_.targets.push_back(plan->target);
}

absl::StatusOr<std::vector<Plan>> Session::PrepareAll() {
  std::vector<Plan> plans;
  for (size_t i = 0; i < options_.targets.size(); ++i) {
    SLIPWAY_ASSIGN_OR_RETURN(plans.emplace_back(), Prepare(i));
  }
  return plans;
}

absl::StatusOr<TrialResult> Session::RunOne(const Plan& plan, int number, int count) {
  SLIPWAY_RETURN_IF_ERROR(CheckInterrupted());
  absl::StatusOr<TrialResult> result = ShowAndRun(plan, number, count);
  // The trial may hear of a signal before signals_ does.
  interrupted_ |= result.ok() ? result->interrupted : absl::IsCancelled(result.status());
  return result;
}

absl::StatusOr<TrialResult> Session::ShowAndRun(const Plan& plan, int number, int count) const {
  if (options_.no_progress) return RunTrial(plan, {});
  Progress progress(count > 1 ? absl::StrFormat("trial %d of %d", number, count) : "");
  return RunTrial(plan, [&progress](const TrialProgress& now) { progress.Show(now); });
}

ExitCode Session::RunAlone(const Plan& plan) {
  absl::StatusOr<TrialResult> result = RunOne(plan, 1, 1);
  if (!result.ok()) return Complain(result.status());
  Cell& cell = report_.cells.emplace_back();
  cell.load = plan.load;
  cell.trials.push_back(ReportTrial{.result = *std::move(result)});
  return End();
}

absl::Status Session::Restart(std::vector<Subject>* subjects) {
  SLIPWAY_RETURN_IF_ERROR(StartServers());
  for (Subject& subject : *subjects) {
    if (const Child* server = ServerOf(subject.target)) subject.plan.server_pid = server->pid();
  }
  return absl::OkStatus();
}

absl::Status Session::Measure(std::vector<Subject> subjects, const TrialOptions& trials) {
  CampaignOptions options;
  options.trials = trials.trials;
  options.seed = options_.seed;
  options.budget = trials.budget;
  CampaignHooks hooks;
  hooks.run = [this](const Plan& plan, int number, int count) {
    return RunOne(plan, number, count);
  };
  if (trials.restart) hooks.before_block = [this](std::vector<Subject>* s) { return Restart(s); };
  hooks.ended_early = [this](const absl::Status& why) { NoteEarlyEnd(why); };
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<Cell> cells,
                           RunCampaign(std::move(subjects), options, hooks));
  for (Cell& cell : cells) report_.cells.push_back(std::move(cell));
  return absl::OkStatus();
}

void Session::NoteEarlyEnd(const absl::Status& why) {
  const bool cancelled = absl::IsCancelled(why);
  const std::string what = OneLine(std::string(why.message()), kLongestNotice);
  report_.notices.push_back(Notice{cancelled ? Notice::Level::kWarning : Notice::Level::kInvalid,
                                   absl::StrCat(what, "; what was measured before it is below")});
  Complain(why);
  failed_ |= !cancelled;
}

ExitCode Session::Verdict() const {
  if (failed_ || WasInterrupted()) return kExitFailed;
  if (NothingSucceeded(report_) || TargetFailed(report_)) return kExitFailed;
  // A threshold that is judged on an invalid result proves nothing.
  if ((options_.strict || !conditions_.empty()) && IsInvalid(report_)) return kExitInvalid;
  bool holds = false;
  for (const Condition& condition : conditions_) {
    const absl::StatusOr<Finding> finding = Judge(condition, report_);
    if (!finding.ok()) return Complain(finding.status());
    if (!finding->holds) continue;
    holds = true;
    std::fputs(absl::StrCat("slipway-load: --fail-if: ", finding->text, "\n").c_str(), stderr);
  }
  return holds ? kExitThreshold : kExitOk;
}

ExitCode Session::End() {
  Evaluate(&report_);
  ExitCode exit = Verdict();
  const std::string text = RenderReport(report_, options_.format);
  if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
    exit = Complain(absl::UnknownError("cannot write the report to standard output"));
  }
  for (const std::string& path : options_.outputs) {
    const absl::Status written = WriteReportFile(report_, path);
    if (!written.ok()) exit = Complain(written);
  }
  return exit;
}

}  // namespace slipway::client
