#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/measure/outcome.h"
#include "client/report/report.h"

namespace slipway::client {

/// Reports as commands make them, out of made-up but plausible numbers, for tests of what is done
/// with reports. The same on every machine. None is evaluated yet.

/// How a made-up server behaves in one trial.
struct SampleServer {
  double median_us = 1000;
  /// CPU of server and generator a request.
  double server_us = 40;
  double generator_us = 8;
  int64_t ok = 3000;
  int64_t unavailable = 0;
  bool grpc = true;
};

/// Three seconds in which latencies follow a log-logistic curve: p99 is about 4 × the median.
inline TrialResult SampleTrial(const SampleServer& server) {
  using std::chrono::nanoseconds;
  constexpr int kSeconds = 3;
  TrialResult result;
  result.threads = 2;
  result.elapsed = std::chrono::seconds(kSeconds);
  result.timeline = Timeline(std::chrono::seconds(1));
  const auto code = server.grpc ? OutcomeKind::kGrpcStatus : OutcomeKind::kHttpStatus;
  for (int64_t i = 0; i < server.ok; ++i) {
    const double u = (static_cast<double>(i) + 0.5) / static_cast<double>(server.ok);
    const nanoseconds latency(std::llround(server.median_us * 1e3 * std::pow(u / (1 - u), 0.3)));
    result.tally.Add({code, server.grpc ? 0 : 200, true, false, "", 100}, latency);
    result.timeline.Add(nanoseconds(i * 1'000'000'007 % (kSeconds * 1'000'000'000LL)), true,
                        latency);
  }
  for (int64_t i = 0; i < server.unavailable; ++i) {
    const nanoseconds latency = std::chrono::microseconds(500 + i);
    result.tally.Add({code, server.grpc ? 14 : 503, false, false, "no backend\nis there", 30},
                     latency);
    result.timeline.Add(nanoseconds(i * 1'000'003), false, latency);
  }
  const int64_t total = server.ok + server.unavailable;
  result.window = {total, server.ok, result.tally.bytes_received()};
  result.offered = total;
  result.bytes_sent = static_cast<uint64_t>(total) * 20;
  const auto cpu = [total](double us) {
    return nanoseconds(std::llround(us * 1e3 * static_cast<double>(total)));
  };
  result.generator_cpu = cpu(server.generator_us);
  result.server_cpu = cpu(server.server_us);
  result.machine_cpu = cpu(server.generator_us + server.server_us + 5);
  result.machine_time = 2 * result.elapsed;
  result.steal = std::chrono::milliseconds(10);
  result.waited = std::chrono::milliseconds(40);
  result.server_waited = std::chrono::milliseconds(90);
  result.server_resident = 21'000'000;
  result.server_threads = 4;
  return result;
}

inline MachineInfo SampleMachine() {
  return {"Linux 6.1.0 x86_64", "Example CPU at 2.50 GHz", 2, 8'000'000'000};
}

inline ReportTarget SampleGrpcTarget(std::string name = "gRPC") {
  return {.name = std::move(name),
          .url = "grpc://127.0.0.1:8080/users.Users/List",
          .protocol = "grpc",
          .engine = "native",
          .address = "127.0.0.1:8080",
          .command = "slipway-server --port=8080",
          .request_bytes = 12};
}

inline ReportTarget SampleRestTarget(std::string name = "REST") {
  return {.name = std::move(name),
          .url = "http://127.0.0.1:8081/users",
          .protocol = "http/1.1",
          .engine = "native",
          .method = "GET",
          .address = "127.0.0.1:8081"};
}

inline LoadShape SampleLoad(uint32_t concurrency = 64) {
  LoadShape load;
  load.concurrency = load.connections = concurrency;
  load.threads = 2;
  load.duration = std::chrono::seconds(3);
  load.warmup = std::chrono::milliseconds(500);
  load.timeout = load.drain = std::chrono::seconds(20);
  return load;
}

/// From 0.97 to 1.03, the same for the same number.
inline double SampleNoise(int number) { return 0.97 + 0.01 * ((number * 5 + number / 7) % 7); }

inline Report SampleHead(std::string command) {
  Report report;
  report.program = "slipway-load 0.1.0";
  report.command = std::move(command);
  report.command_line = {"slipway-load", report.command, "--duration=3s", "a <b> & \"c\""};
  report.started = "2026-11-21T21:00:00Z";
  report.machine = SampleMachine();
  report.seed = 7;
  return report;
}

/// One REST target, 1,000 in flight, two seconds: 3,000 successes of 1…3,000 µs, two failures.
inline Report SampleRun() {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Report report = SampleHead("run");
  report.targets = {SampleRestTarget("http://localhost:8080/users")};
  report.targets[0].url = report.targets[0].name;
  Cell cell{.load = SampleLoad(1000)};
  cell.load.warmup = seconds(1);
  cell.load.duration = seconds(2);
  TrialResult result;
  result.threads = 2;
  result.elapsed = seconds(2);
  result.generator_cpu = milliseconds(15);
  result.server_cpu = milliseconds(60);
  result.waited = milliseconds(40);
  for (int i = 1; i <= 3000; ++i) {
    result.tally.Add({OutcomeKind::kHttpStatus, 200, true, false, "", 100}, microseconds(i));
  }
  result.tally.Add({OutcomeKind::kHttpStatus, 503, false, false, "no\nbackend", 100},
                   microseconds(5));
  result.tally.Add({OutcomeKind::kTimeout, 0, false, false, "no complete answer in time", 0},
                   seconds(20));
  result.window = {3000, 2999, 300'100};
  cell.trials.push_back({0, 0, std::move(result)});
  report.cells.push_back(std::move(cell));
  return report;
}

/// One gRPC target in the open loop, with every series there is and two steps.
inline Report SampleOpenRun() {
  using std::chrono::microseconds;
  Report report = SampleHead("run");
  report.targets = {SampleGrpcTarget()};
  report.targets[0].steps = {"login", "list"};
  Cell cell{.load = SampleLoad(256)};
  cell.load.model = LoadModel::kPoisson;
  cell.load.rate = 1000;
  cell.load.connections = 2;
  TrialResult result = SampleTrial({.unavailable = 3});
  std::vector<StepTally> steps(2);
  for (int i = 1; i <= 3000; ++i) {
    result.tally.Record(Series::kService, microseconds(500 + i));
    result.tally.Record(Series::kLag, microseconds(i / 30));
    result.tally.Record(Series::kMessage, microseconds(i / 3));
    if (i % 10 == 0) result.tally.Record(Series::kStreamWait, microseconds(i));
    if (i % 2 == 0) result.tally.Record(Series::kAcknowledged, microseconds(i / 5));
    for (StepTally& step : steps) step.ok.Record(i * 1000);
  }
  steps[1].failed = 3;
  result.tally.RestoreSteps(std::move(steps));
  result.offered = 3010;
  result.cut_off = 7;
  result.reconnects = 1;
  cell.trials.push_back({0, 0, std::move(result)});
  report.cells.push_back(std::move(cell));
  return report;
}

/// `blocks` trials of a cell; `order` tells where they stand among those of other cells.
inline Cell SampleCell(size_t target, const LoadShape& load, const SampleServer& server, int blocks,
                       int order = 0, int cells = 1) {
  Cell cell{.target = target, .load = load};
  for (int block = 0; block < blocks; ++block) {
    SampleServer now = server;
    const double noise = SampleNoise(block * 3 + order);
    now.median_us *= noise;
    now.server_us *= noise;
    now.ok = std::llround(static_cast<double>(now.ok) / noise);
    TrialResult result = SampleTrial(now);
    const int place = block * cells + (order + block) % cells;
    result.started = std::chrono::milliseconds(3500) * place;
    cell.trials.push_back({block, place, std::move(result)});
  }
  return cell;
}

/// gRPC against REST under 64 in flight and a guard, nine blocks: REST has 0.7 × the requests.
inline Report SampleComparison() {
  Report report = SampleHead("compare");
  report.targets = {SampleGrpcTarget(), SampleRestTarget()};
  const LoadShape load = SampleLoad();
  LoadShape grpc_load = load;
  grpc_load.connections = 2;
  const SampleServer grpc{.median_us = 700, .server_us = 40, .ok = 6000};
  const SampleServer rest{.median_us = 1000, .server_us = 66, .ok = 4200, .grpc = false};
  report.cells.push_back(SampleCell(0, grpc_load, grpc, 9, 0, 3));
  report.cells.push_back(SampleCell(1, load, rest, 9, 1, 3));
  report.cells.push_back(SampleCell(0, grpc_load, grpc, 9, 2, 3));
  report.cells.back().is_guard = true;
  return report;
}

/// gRPC against REST at 1 to 1,024 in flight, six blocks; throughput stops to grow at 64.
inline Report SampleSweep() {
  Report report = SampleHead("sweep");
  report.targets = {SampleGrpcTarget(), SampleRestTarget()};
  int order = 0;
  for (const uint32_t concurrency : {1u, 4u, 16u, 64u, 256u, 1024u}) {
    for (size_t target = 0; target < 2; ++target) {
      const double slow = target == 0 ? 1 : 1.4;
      const double most = 2400 / slow;  // a second
      const double rate = std::min(most, static_cast<double>(concurrency) * 60 / slow);
      const SampleServer server{.median_us = 1e6 * concurrency / rate * 0.02,
                                .server_us = 40 * slow,
                                .ok = std::llround(rate * 3),
                                .grpc = target == 0};
      report.cells.push_back(SampleCell(target, SampleLoad(concurrency), server, 6, order++, 12));
    }
  }
  return report;
}

/// A search for the highest rate with `p99<10ms`, with the table of its steps.
inline Report SampleSearch() {
  Report report = SampleHead("search");
  report.slo = "p99<10ms,errors<0.1%";
  report.targets = {SampleGrpcTarget()};
  int order = 0;
  for (const double rate : {500.0, 1000.0, 2000.0}) {
    LoadShape load = SampleLoad(512);
    load.model = LoadModel::kConstant;
    load.rate = rate;
    const SampleServer server{.median_us = rate < 2000 ? 900.0 : 9000.0,
                              .ok = std::llround(rate * 3)};
    report.cells.push_back(SampleCell(0, load, server, 1, order++, 3));
  }
  report.best = 1;
  report.tables.push_back({"Search for the highest rate that meets p99<10ms,errors<0.1%",
                           {"Rate", "p99", "Errors", "Met"},
                           {{"500/s", "3.6 ms", "0 %", "yes"},
                            {"1,000/s", "3.6 ms", "0 %", "yes"},
                            {"2,000/s", "36 ms", "0 %", "no"}}});
  return report;
}

}  // namespace slipway::client
