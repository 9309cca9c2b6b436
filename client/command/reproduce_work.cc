// Parts (f) and (g): real work without a sleep; the same call by three ways.
#include <algorithm>
#include <functional>
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
#include "client/run/campaign.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

constexpr uint32_t kLevels[] = {1, 3, 10, 30, 100, 300, 1000};
constexpr char kWorkers[] = "1000";  // as many as connections: fewer would leave some unserved
constexpr uint32_t kProtocolConcurrency = 64;
constexpr auto kDrain = std::chrono::seconds(2);
constexpr char kRestPath[] = "/users?role=sales";
constexpr char kGrpcMethod[] = "docking.v1.Users/ListUsers";

/// How long and how often: shorter when it is to be quick, since there is no delay to shorten.
struct Effort {
  milliseconds duration;
  milliseconds warmup;
  int trials;
};
Effort EffortOf(const ReproduceRun& run) {
  return run.quick() ? Effort{milliseconds(300), milliseconds(100), 1}
                     : Effort{milliseconds(2000), milliseconds(500), 5};
}

LoadOptions Load(const Effort& effort, std::string name, std::string url, const Child& server,
                 uint32_t concurrency) {
  LoadOptions options;
  options.targets = {std::move(url)};
  options.names = {std::move(name)};
  options.pids = {absl::StrCat(server.pid())};
  options.duration = effort.duration;
  options.warmup = effort.warmup;
  options.concurrency = concurrency;
  // A connection that the server does not get to must not hold everything up.
  options.drain = kDrain;
  return options;
}

std::string Show(const std::optional<Estimate>& estimate,
                 const std::function<std::string(double)>& format) {
  return estimate ? format(estimate->value) : "-";
}
std::string Time(double nanoseconds) {
  return FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds)));
}
std::string Micros(double micros) { return absl::StrCat(FormatNumber(micros), " µs"); }

/// Requests that failed or had not ended when the drain was over.
int64_t Lost(const Cell& cell) {
  int64_t lost = 0;
  for (const ReportTrial& trial : cell.trials) {
    lost += trial.result.tally.failed() + trial.result.cut_off;
  }
  return lost;
}

std::string Trials(const Effort& effort) {
  return absl::StrFormat("%d trial%s of %s", effort.trials, effort.trials == 1 ? "" : "s",
                         FormatDuration(effort.duration));
}

/// Medians over a cell's trials.
std::vector<std::string> RowOf(std::string name, const Cell& cell) {
  return {std::move(name),
          Show(MetricOf(cell, Metric::kThroughput), FormatNumber),
          Show(MetricOf(cell, Metric::kP50), Time),
          Show(MetricOf(cell, Metric::kP99), Time),
          Show(MetricOf(cell, Metric::kServerCpu), Micros),
          FormatCount(Lost(cell))};
}

constexpr size_t kFirstMetric = 1;

using Runner = std::function<absl::StatusOr<TrialResult>(const Plan& plan)>;

/// Measures all subjects in turns and adds their targets and cells to the report; answers the
/// cells.
absl::StatusOr<std::vector<Cell>> MeasureAll(ReproduceRun& run, std::vector<Subject> subjects,
                                             const Effort& effort, const Runner& runner) {
  Report& report = run.report();
  for (Subject& subject : subjects) {
    const auto known =
        std::find_if(report.targets.begin(), report.targets.end(),
                     [&](const auto& target) { return target.name == subject.plan.target.name; });
    subject.target = known - report.targets.begin();
    if (known == report.targets.end()) report.targets.push_back(subject.plan.target);
  }
  CampaignHooks hooks;
  hooks.run = [&](const Plan& plan, int number, int count) {
    run.Say(absl::StrFormat("%s, %d in flight: trial %d of %d", plan.target.name,
                            plan.load.concurrency, number, count));
    return runner(plan);
  };
  SLIPWAY_ASSIGN_OR_RETURN(
      std::vector<Cell> cells,
      RunCampaign(std::move(subjects), {.trials = effort.trials, .seed = run.seed()}, hooks));
  report.cells.insert(report.cells.end(), cells.begin(), cells.end());
  if (run.interrupted()) return absl::CancelledError("interrupted");
  return cells;
}

void AppendMetrics(const Cell& cell, std::vector<std::string>* row) {
  const std::vector<std::string> metrics = RowOf("", cell);
  row->insert(row->end(), metrics.begin() + kFirstMetric, metrics.end());
}

/// The gateway and its backend serve a call together: the backend's CPU of the whole trial, spread
/// over its requests, is added to what the gateway's process has used.
absl::StatusOr<TrialResult> TrialWithBackend(ReproduceRun& run, const Plan& plan,
                                             const Child& backend) {
  const auto before = CpuTimeOf(backend);
  SLIPWAY_ASSIGN_OR_RETURN(TrialResult result, run.Trial(plan, plan.target.name));
  const auto used = CpuTimeOf(backend) - before;
  // Warm-up, connecting and draining are in `used` but not in the measured time.
  const double measured = std::chrono::duration<double>(result.elapsed).count();
  const double whole = measured + std::chrono::duration<double>(plan.load.warmup).count();
  if (result.server_cpu && whole > 0) {
    *result.server_cpu += std::chrono::nanoseconds(
        static_cast<int64_t>(static_cast<double>(used.count()) * measured / whole));
  }
  return result;
}

}  // namespace

absl::Status ReproduceWork(ReproduceRun& run, ReportTable* table) {
  const Effort effort = EffortOf(run);
  table->title = absl::StrCat("(f) Real work, no sleep: GET /users from the store; medians of ",
                              Trials(effort));
  table->columns = {"in flight",  "async/s", "p50", "p99",        "server CPU", "lost",
                    "blocking/s", "p50",     "p99", "server CPU", "lost"};
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer async, run.StartServer({}));
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer blocking,
                           run.StartServer({"--http-engine", "httplib", "--workers", kWorkers}));
  std::vector<Subject> subjects;
  for (const uint32_t level : kLevels) {
    for (const auto& [name, server] :
         {std::pair("/users async", &async), std::pair("/users blocking", &blocking)}) {
      SLIPWAY_ASSIGN_OR_RETURN(
          Plan plan,
          PreparePlan(Load(effort, name, server->RestUrl("/users"), server->child, level), 0));
      plan.target.command = server->shown;
      subjects.push_back({std::move(plan)});
    }
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<Cell> cells,
                           MeasureAll(run, std::move(subjects), effort, [&](const Plan& plan) {
                             return run.Trial(plan, plan.target.name);
                           }));
  for (size_t i = 0; i + 1 < cells.size(); i += 2) {
    table->rows.push_back({FormatCount(cells[i].load.concurrency)});
    AppendMetrics(cells[i], &table->rows.back());
    AppendMetrics(cells[i + 1], &table->rows.back());
  }
  return absl::OkStatus();
}

absl::Status ReproduceProtocols(ReproduceRun& run, ReportTable* table) {
  const Effort effort = EffortOf(run);
  table->title = absl::StrFormat(
      "(g) The same call by three ways, %d in flight: ListUsers of 2 rows; medians of %s",
      kProtocolConcurrency, Trials(effort));
  table->columns = {"", "a second", "p50", "p99", "server CPU a request", "lost"};
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer server, run.StartServer({}));
  SLIPWAY_ASSIGN_OR_RETURN(const LocalServer gateway, run.StartGateway(server, {}));

  const std::string by_gateway = "REST through slipway-gateway";
  LoadOptions loads[] = {
      Load(effort, "gRPC", server.GrpcUrl(kGrpcMethod), server.child, kProtocolConcurrency),
      Load(effort, by_gateway, gateway.RestUrl(kRestPath), gateway.child, kProtocolConcurrency),
      Load(effort, "REST in the server's process", server.RestUrl(kRestPath), server.child,
           kProtocolConcurrency)};
  loads[0].data = {R"({"role":"sales"})"};
  std::vector<Subject> subjects;
  for (const LoadOptions& load : loads) {
    SLIPWAY_ASSIGN_OR_RETURN(Plan plan, PreparePlan(load, 0));
    plan.target.command = load.names[0] == by_gateway ? gateway.shown : server.shown;
    subjects.push_back({std::move(plan)});
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<Cell> cells,
                           MeasureAll(run, std::move(subjects), effort, [&](const Plan& plan) {
                             if (plan.target.name != by_gateway)
                               return run.Trial(plan, plan.target.name);
                             return TrialWithBackend(run, plan, server.child);
                           }));
  for (size_t i = 0; i < cells.size(); ++i) {
    table->rows.push_back(RowOf(loads[i].names[0], cells[i]));
  }
  table->rows[1][0] += " (CPU of both)";
  return absl::OkStatus();
}

}  // namespace slipway::client
