#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/command/commands.h"
#include "client/command/session.h"
#include "client/command/support.h"
#include "client/command/switches.h"
#include "client/report/format.h"
#include "client/report/notices.h"
#include "client/report/threshold.h"
#include "client/run/rate_search.h"

namespace slipway::client {
namespace {

/// Slow rates take longer until there are enough answers to judge a percentile, but not for ever.
constexpr double kLongestTrial = 120;

struct SearchOptions {
  LoadOptions load;
  std::string slo;
  RateSearch::Options search;
};

/// Nothing when it is to go on.
std::optional<ExitCode> ParseOptions(const std::vector<std::string>& arguments,
                                     SearchOptions* options) {
  base::ConfigParser parser("slipway-load search",
                            "Looks for the highest rate at which a target meets an objective: "
                            "doubles the rate until\nit fails, narrows the gap, and tries the best "
                            "rate again. Arrivals are random (Poisson)\nunless told otherwise. "
                            "Without --requests and --duration a trial takes 3s;\nat low rates "
                            "any takes longer, up to 2m, until there are enough answers for "
                            "the\npercentiles of --slo.");
  LoadOptions& load = options->load;
  parser.AddPositionals(&load.targets, "URL", "the target");
  load.warmup = kDefaultWarmup;
  load.arrivals = Arrivals::kPoisson;
  AddLoadSwitches(parser, &load);
  AddRequestSwitches(parser, &load);
  parser.AddString("slo", &options->slo, "the objective: 'p99<10ms,errors<0.1%'")
      .Placeholder("CONDITION,…");
  parser.AddReal("from", &options->search.from, 0.1, 1e9, "the lowest rate, requests a second");
  parser.AddReal("to", &options->search.to, 0.1, 1e9, "the highest rate");
  parser.AddReal("precision", &options->search.precision, 0.001, 1,
                 "how much lower than the best rate the answer may be, as a share");
  parser.AddInt("confirm", &options->search.confirmations, 1, 100,
                "how often the best rate must meet the objective");
  if (const auto exit = ParseArguments(parser, arguments)) return exit;
  if (load.targets.size() != 1) {
    return Complain(absl::InvalidArgumentError("search needs exactly one URL; see search --help"));
  }
  if (options->slo.empty()) {
    return Complain(absl::InvalidArgumentError("search needs --slo CONDITION,…, as in p99<10ms"));
  }
  if (load.rate > 0 || !load.schedule.empty()) {
    return Complain(absl::InvalidArgumentError("search takes --from and --to instead of --rate"));
  }
  if (options->search.from > options->search.to) {
    return Complain(absl::InvalidArgumentError(
        absl::StrFormat("--from %g is above --to %g", options->search.from, options->search.to)));
  }
  if (load.requests == 0 && load.duration.count() == 0) load.duration = kDefaultTrial;
  load.rate = options->search.from;
  return std::nullopt;
}

/// Tries rate after rate and keeps what was measured in the session's report.
class Searcher {
 public:
  Searcher(Session& session, Plan plan, std::vector<Condition> objective,
           const RateSearch::Options& options)
      : session_(session),
        plan_(std::move(plan)),
        duration_(plan_.load.duration),
        objective_(std::move(objective)),
        search_(options) {
    table_.title = "Search";
    table_.columns = {"offered/s", "answered/s", "p50", "p99", "failed", "outcome"};
    // That requests failed says more than what their failing did to the latencies.
    std::stable_partition(objective_.begin(), objective_.end(), [](const Condition& condition) {
      return condition.quantity == Condition::Quantity::kErrors;
    });
  }

  /// Fails when nothing was measured; what fails later is noted in the report.
  absl::Status Run() {
    const absl::Status status = TryAll();
    Report& report = session_.report();
    if (!status.ok()) {
      ended_early_ = true;
      if (report.cells.empty()) return status;
      session_.NoteEarlyEnd(status);
    }
    NoteLongTrials();
    report.tables.push_back(std::move(table_));
    if (const std::optional<double> best = search_.best()) {
      for (size_t i = 0; i < report.cells.size(); ++i) {
        if (report.cells[i].load.rate == *best) report.best = i;
      }
    }
    return absl::OkStatus();
  }

  /// The duration asked for, or what it takes to judge the objective's percentiles at this rate.
  std::chrono::nanoseconds DurationAt(double rate) const {
    double samples = 0;
    for (const Condition& condition : objective_) {
      if (condition.quantity != Condition::Quantity::kPercentile) continue;
      samples = std::max(samples, kSamplesBeyond / (1 - condition.percentile / 100));
    }
    const double seconds = std::min(1.2 * samples / rate, kLongestTrial);
    return std::max(duration_, std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9)));
  }

  bool interrupted() const { return interrupted_; }
  bool generator_failed() const { return generator_failed_; }
  /// Interrupted, or a trial has failed: nothing is known of the objective.
  bool ended_early() const { return ended_early_; }

 private:
  void NoteLongTrials() {
    if (longest_ <= duration_) return;
    AddNotice({Notice::Level::kNote,
               absl::StrCat("at low rates trials took up to ", FormatDuration(longest_),
                            " instead of ", FormatDuration(duration_),
                            ": the percentiles of the objective need as many answers")},
              &session_.report().notices);
  }

  absl::Status TryAll() {
    while (const std::optional<double> rate = search_.Next()) {
      const absl::StatusOr<bool> go_on = Try(*rate);
      if (!go_on.ok()) {
        return absl::Status(go_on.status().code(),
                            absl::StrCat("trial ", tried_, ", at ", FormatNumber(*rate),
                                         "/s: ", go_on.status().message()));
      }
      if (*go_on) continue;
      ended_early_ = true;
      break;
    }
    return absl::OkStatus();
  }

  /// False when the search was interrupted.
  absl::StatusOr<bool> Try(double rate) {
    plan_.load.rate = rate;
    ++plan_.seed;  // the same rate again must not be the same arrivals again
    if (plan_.load.requests == 0) plan_.load.duration = DurationAt(rate);
    longest_ = std::max(longest_, plan_.load.duration);
    SLIPWAY_ASSIGN_OR_RETURN(TrialResult result, session_.RunOne(plan_, ++tried_, 0));
    interrupted_ = result.interrupted;
    const absl::StatusOr<std::string> why = WhyNotMet(result);
    Note(rate, result, why.ok() ? *why : std::string(why.status().message()));
    Keep(std::move(result));
    if (!why.ok()) return why.status();
    if (!interrupted_) search_.Report(why->empty());
    return !interrupted_;
  }

  /// Empty: the objective is met.
  absl::StatusOr<std::string> WhyNotMet(const TrialResult& result) {
    if (result.interrupted) return std::string("interrupted");
    Report one;
    one.targets.push_back(plan_.target);
    Cell& cell = one.cells.emplace_back();
    cell.load = plan_.load;
    cell.trials.push_back(ReportTrial{.result = result});
    if (result.tally.ok() == 0) return std::string("nothing succeeded");
    for (const Condition& condition : objective_) {
      const absl::StatusOr<Finding> finding = Judge(condition, one);
      if (!finding.ok() && !HadItsChance(condition, result)) return finding.status();
      if (finding.ok() && finding->holds) continue;
      generator_failed_ |= result.generator_saturated();
      return finding.ok() ? finding->text : std::string(finding.status().message());
    }
    // A rate that was not kept up with is not met, however fast the answers that came were.
    if (KeptUp(result, plan_.load.rate)) return std::string();
    generator_failed_ |= result.generator_saturated();
    return std::string(result.generator_saturated() ? "the generator did not keep up"
                                                    : "the target did not keep up");
  }

  /// It could have been judged, had there been as many successes as requests: that it cannot be is
  /// the target's doing.
  static bool HadItsChance(const Condition& condition, const TrialResult& result) {
    return condition.quantity == Condition::Quantity::kPercentile &&
           EnoughFor(condition.percentile, result.offered);
  }

  void Note(double rate, const TrialResult& result, const std::string& why) {
    const Histogram& ok = result.tally.ok_latency();
    const auto time = [&](double percentile) {
      return FormatDuration(std::chrono::nanoseconds(ok.ValueAt(percentile)));
    };
    table_.rows.push_back({FormatNumber(rate), FormatNumber(result.throughput()), time(50),
                           time(99), FormatCount(result.tally.failed()),
                           why.empty() ? "met" : why});
    if (session_.options().no_progress) return;
    const auto& row = table_.rows.back();
    std::fputs(absl::StrFormat("%s/s: p99 %s, %s\n", row[0], row[3], row[5]).c_str(), stderr);
  }

  /// Trials of the same rate are one cell.
  void Keep(TrialResult result) {
    std::vector<Cell>& cells = session_.report().cells;
    const auto same = std::find_if(cells.begin(), cells.end(),
                                   [&](const Cell& cell) { return cell.load == plan_.load; });
    Cell& cell = same != cells.end() ? *same : cells.emplace_back();
    cell.load = plan_.load;
    const int block = static_cast<int>(cell.trials.size());
    cell.trials.push_back(ReportTrial{block, tried_ - 1, std::move(result)});
  }

  Session& session_;
  Plan plan_;
  const std::chrono::nanoseconds duration_;
  std::vector<Condition> objective_;
  RateSearch search_;
  ReportTable table_;
  int tried_ = 0;
  std::chrono::nanoseconds longest_{0};
  bool interrupted_ = false;
  bool generator_failed_ = false;
  bool ended_early_ = false;
};

ExitCode SayWhatWasFound(const Searcher& searcher, const Session& session, const Report& report) {
  if (report.best || searcher.ended_early()) return kExitOk;
  if (searcher.interrupted()) {
    return Complain(absl::CancelledError("interrupted before the search had ended"));
  }
  if (searcher.generator_failed()) {
    Complain(
        absl::UnavailableError("the generator was the bottleneck before the objective failed"));
    return kExitInvalid;
  }
  return Complain(absl::UnavailableError(absl::StrFormat(
      "%s is not met at --from %g requests a second", report.slo, session.options().rate)));
}

}  // namespace

ExitCode SearchCommand(const std::vector<std::string>& arguments) {
  SearchOptions options;
  if (const auto exit = ParseOptions(arguments, &options)) return *exit;
  absl::StatusOr<std::vector<Condition>> objective = ParseConditions(options.slo);
  if (!objective.ok()) {
    return Complain(
        absl::InvalidArgumentError(absl::StrCat("--slo: ", objective.status().message())));
  }
  Session session(arguments, std::move(options.load));
  session.report().slo = options.slo;
  if (const absl::Status status = session.Begin(); !status.ok()) return Complain(status);
  absl::StatusOr<Plan> plan = session.Prepare(0);
  if (!plan.ok()) return Complain(plan.status());
  Searcher searcher(session, *std::move(plan), *std::move(objective), options.search);
  if (const absl::Status status = searcher.Run(); !status.ok()) return Complain(status);
  const ExitCode found = SayWhatWasFound(searcher, session, session.report());
  const ExitCode end = session.End();
  return found == kExitOk ? end : found;
}

}  // namespace slipway::client
