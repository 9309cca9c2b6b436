// Part (a): many requests that wait at the same time, on threads and on an event loop.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/command/prepare.h"
#include "client/command/reproduce_run.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr auto kInfoDelay = std::chrono::milliseconds(5000);
constexpr auto kPatience = std::chrono::milliseconds(300'000);  // then a client gives up
constexpr int kManyWorkers = 1000;  // a machine may refuse so many threads

/// `requests` at once on so many blocking workers; 0 workers: asynchronous.
struct Setup {
  int workers;
  uint32_t requests;
};
constexpr Setup kSetups[] = {{1, 100},     {8, 100},         {100, 100}, {0, 100},
                             {1000, 1000}, {10'000, 10'000}, {0, 10'000}};

std::string NameOf(const Setup& setup) {
  if (setup.workers == 0) return "async";
  return absl::StrCat(FormatCount(setup.workers), " blocking worker",
                      setup.workers == 1 ? "" : "s");
}

Switches SwitchesOf(const Setup& setup, std::chrono::milliseconds delay) {
  Switches switches = {"--info-delay", DurationText(delay)};
  if (setup.workers > 0) {
    switches.insert(switches.end(),
                    {"--http-engine", "httplib", "--workers", absl::StrCat(setup.workers)});
  }
  return switches;
}

LoadOptions LoadOf(const ReproduceRun& run, const Setup& setup, const LocalServer& server) {
  LoadOptions options;
  options.targets = {server.RestUrl("/info")};
  options.names = {NameOf(setup)};
  options.requests = setup.requests;
  options.concurrency = setup.requests;
  options.timeout = run.Scaled(kPatience);
  options.pids = {absl::StrCat(server.child.pid())};
  // A worker serves a connection, not a request: a client that keeps its own open would hold it.
  options.headers = {"Connection: close"};
  return options;
}

std::chrono::nanoseconds TimeToLastAnswer(const TrialResult& result) {
  return std::chrono::nanoseconds(result.tally.ok_latency().max());
}

int64_t TimedOut(const TrialResult& result) {
  int64_t count = 0;
  for (const Failure& failure : result.tally.failures()) {
    if (failure.kind == OutcomeKind::kTimeout) count += failure.count;
  }
  return count;
}

/// What the row says, for who does not want to compare numbers: against the delay, which nobody can
/// beat.
std::string Verdict(const TrialResult& result, std::chrono::milliseconds delay) {
  const int64_t timed_out = TimedOut(result);
  if (timed_out > 0) return absl::StrCat(FormatCount(timed_out), " gave up");
  if (result.tally.failed() > 0) return result.tally.failures().front().message;
  const double times = static_cast<double>(TimeToLastAnswer(result).count()) /
                       static_cast<double>(std::chrono::nanoseconds(delay).count());
  if (times <= 1.2) return "nobody waits for others";
  return absl::StrFormat("%.1f times the delay", times);
}

void AddRow(const Setup& setup, const TrialResult& result, std::chrono::milliseconds delay,
            ReportTable* table) {
  const std::optional<double> cpu = result.server_cpu_us();
  table->rows.push_back(
      {NameOf(setup), FormatCount(setup.requests),
       result.tally.ok() == 0 ? "-" : FormatDuration(TimeToLastAnswer(result)),
       FormatCount(result.tally.ok()), FormatCount(TimedOut(result)),
       FormatCount(result.tally.failed() - TimedOut(result)), FormatCount(result.server_threads),
       FormatBytes(static_cast<double>(result.server_resident)),
       cpu ? absl::StrCat(FormatNumber(*cpu), " µs") : "-", Verdict(result, delay)});
}

absl::StatusOr<TrialResult> Measure(ReproduceRun& run, const Setup& setup,
                                    std::chrono::milliseconds delay) {
  SLIPWAY_ASSIGN_OR_RETURN(LocalServer server, run.StartServer(SwitchesOf(setup, delay)));
  const absl::StatusOr<Plan> plan = PreparePlan(LoadOf(run, setup, server), 0);
  absl::StatusOr<TrialResult> result = plan.ok() ? run.Trial(*plan, NameOf(setup)) : plan.status();
  // If it has ended, that is why, and its log says more than the client can.
  SLIPWAY_RETURN_IF_ERROR(server.child.CheckAlive());
  // What clients have given up is still being served: nobody needs it any more.
  server.child.Stop(std::chrono::seconds(2));
  return result;
}

/// Whether threads are as good as an event loop, as far as these rows say.
std::string Conclusion(const ReportTable& table) {
  std::string good;
  for (const auto& row : table.rows) {
    if (row.front() == "async" || row.back() != "nobody waits for others") continue;
    absl::StrAppend(&good, good.empty() ? "" : ", ", row[1], " on ", row[0]);
  }
  return good.empty() ? "blocking was never as good" : "blocking is as good in time for " + good;
}

}  // namespace

absl::Status ReproduceWaiting(ReproduceRun& run, ReportTable* table) {
  const auto delay = run.Scaled(kInfoDelay);
  table->title =
      absl::StrFormat("(a) /info of %s, all requests at once; a client gives up after %s",
                      FormatDuration(delay), FormatDuration(run.Scaled(kPatience)));
  table->columns = {"",       "requests", "last answer", "answered",      "timed out",
                    "failed", "threads",  "resident",    "CPU a request", "in short"};
  for (const Setup& setup : kSetups) {
    run.Say(absl::StrCat("/info: ", FormatCount(setup.requests), " at once, ", NameOf(setup)));
    const absl::StatusOr<TrialResult> result = Measure(run, setup, delay);
    if (result.ok()) {
      AddRow(setup, *result, delay, table);
      if (result->tally.ok() == 0 && !run.interrupted()) {
        run.NotMeasured(absl::StrCat("(a) ", NameOf(setup)), "no request was answered");
      }
      if (setup.workers == 1) {
        run.one_worker = {result->tally.ok(), TimedOut(*result), TimeToLastAnswer(*result)};
      }
    } else if (setup.workers >= kManyWorkers && !run.interrupted()) {
      // The other rows are worth having where a machine cannot do this one.
      const std::string why(result.status().message());
      run.NotMeasured(absl::StrCat("(a) ", NameOf(setup)), why);
      table->rows.push_back({NameOf(setup), FormatCount(setup.requests), "-", "0", "-", "-", "-",
                             "-", "-", Shortened(why)});
    } else {
      return result.status();
    }
    if (run.interrupted()) return absl::CancelledError("interrupted");
  }
  table->title += ". " + Conclusion(*table);
  return absl::OkStatus();
}

}  // namespace slipway::client
