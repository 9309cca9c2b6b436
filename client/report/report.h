#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/measure/machine.h"
#include "client/measure/statistics.h"
#include "client/run/load_shape.h"
#include "client/run/trial_result.h"

namespace slipway::client {

/// Between the protocols, and the addresses, of several servers.
inline constexpr char kServersJoin[] = " + ";

/// What was loaded, as a report names it.
struct ReportTarget {
  /// Unique within the report: the URL, or what --name said.
  std::string name;
  std::string url;
  /// `grpc`, `http/1.1`, `http/2`; of a scenario's servers each once, with kServersJoin between.
  std::string protocol;
  bool tls = false;
  /// `native`, or `grpc++`: the gRPC C++ library.
  std::string engine;
  /// HTTP: the method. gRPC: empty.
  std::string method;
  /// `127.0.0.1:8080`; of a scenario those of all its servers, joined likewise.
  std::string address;
  /// The command that started it; empty: it was there.
  std::string command;
  /// Of a scenario: the names of its steps.
  std::vector<std::string> steps;
  /// Bytes of a request's body or message; templates: of the first.
  int64_t request_bytes = 0;
};

/// One run of a target, and where it stands among the others.
struct ReportTrial {
  /// Trials of the same block belong together.
  int block = 0;
  /// In the order of their running, from 0.
  int order = 0;
  /// Its `started` counts from Report::started to where its measured time begins: files of all its
  /// trials have one origin.
  TrialResult result;
};

/// One target under one load.
struct Cell {
  size_t target = 0;
  LoadShape load;
  /// The same target under the same load once more, to see how much differs when nothing does.
  bool is_guard = false;
  std::vector<ReportTrial> trials;

  /// All trials' requests together.
  Tally Merged() const;
};

/// What is compared. Of throughput and answers per CPU second more is better, of everything else
/// less.
enum class Metric {
  kThroughput,  // successes a second
  kP50,         // nanoseconds, of kOk
  kP90,
  kP99,
  kP999,
  kServerCpu,  // microseconds a request
  kGeneratorCpu,
  kMachineCpu,
};
inline constexpr Metric kAllMetrics[] = {
    Metric::kThroughput, Metric::kP50,       Metric::kP90,          Metric::kP99,
    Metric::kP999,       Metric::kServerCpu, Metric::kGeneratorCpu, Metric::kMachineCpu};
/// `throughput`, `p50`, `p90`, `p99`, `p99.9`, `server_cpu`, `generator_cpu`, `machine_cpu`.
std::string_view MetricName(Metric metric);
/// A percentile of the latency of successes.
bool IsPercentile(Metric metric);
/// The metric of one trial; nothing when it was not measured or stands on too few samples.
std::optional<double> MetricOf(const TrialResult& result, Metric metric);
/// The median over the cell's trials. Of a percentile nothing unless each of them has it: medians
/// over different trials could not be compared with one another.
std::optional<Estimate> MetricOf(const Cell& cell, Metric metric);

/// One cell against another under the same load, trial by trial.
struct Ratio {
  size_t base = 0;   // index of a cell
  size_t other = 0;  // index of a cell
  Metric metric = Metric::kThroughput;
  Estimate ratio;
  int pairs = 0;
};

/// What makes the report doubtful.
struct Notice {
  enum class Level { kNote, kWarning, kInvalid };
  Level level = Level::kWarning;
  /// One sentence.
  std::string text;
  /// Found by Evaluate in what was measured, which finds it anew each time; else somebody else said
  /// it, and it stays.
  bool is_found = false;
};

/// A row of a table that a command adds to its report: `reproduce`'s, `search`'s steps.
struct ReportTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// All that one or several commands have measured. Every form of report (text, JSON, CSV, HTML, HDR
/// files) is made from it; JSON and HTML hold it whole, so they can be read again and merged.
struct Report {
  std::string program;  // `slipway-load 0.1.0`
  std::string command;  // `run`, `compare`, …; `merge` of several
  std::vector<std::string> command_line;
  std::string started;  // RFC 3339, UTC
  MachineInfo machine;
  uint64_t seed = 0;
  /// What `search` looked for, or empty: `p99<10ms,errors<0.1%`.
  std::string slo;
  std::vector<ReportTarget> targets;
  std::vector<Cell> cells;
  /// Of `search`: the cell with the highest rate that met the SLO.
  std::optional<size_t> best;
  std::vector<ReportTable> tables;
  /// Made by Evaluate.
  std::vector<Ratio> ratios;
  std::vector<std::string> verdicts;
  /// Also of commands, about what only they know.
  std::vector<Notice> notices;
};

/// Fills in ratios, verdicts and notices from what was measured: every cell against the first
/// target's cell under the same load; guards against what they repeat. Notices of others stay, so
/// it may be called again.
void Evaluate(Report* report);

}  // namespace slipway::client
