#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/report/format.h"
#include "client/report/run_report.h"
#include "rpc/status.h"

namespace slipway::client {
namespace {

std::string LoadLine(const Plan& plan, const TrialResult& result) {
  std::string line = absl::StrCat(
      plan.target.protocol == Protocol::kGrpc ? "gRPC, " : "HTTP/1.1, ",
      FormatCount(plan.concurrency), " in flight over ", FormatCount(plan.connections),
      plan.connections == 1 ? " connection, " : " connections, ", plan.threads,
      plan.threads == 1 ? " thread, " : " threads, ", FormatDuration(result.elapsed), " measured");
  if (plan.warmup.count() > 0) {
    absl::StrAppend(&line, " after ", FormatDuration(plan.warmup), " of warm-up");
  }
  return line;
}

std::string CountBlock(const TrialResult& result) {
  const Tally& tally = result.tally;
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  const double bytes = static_cast<double>(result.window.bytes_received);
  TextTable table;
  table.SetLeft(1);
  std::string requests = absl::StrCat(FormatCount(tally.total()), " = ", FormatCount(tally.ok()),
                                      " ok + ", FormatCount(tally.failed()), " failed");
  if (result.abandoned > 0) {
    absl::StrAppend(&requests, "; ", FormatCount(result.abandoned),
                    " more were cancelled at the end");
  }
  table.Add({"Requests", requests});
  table.Add({"Throughput", absl::StrCat(FormatNumber(result.throughput()), " ok/s")});
  table.Add({"Received", absl::StrCat(FormatBytes(bytes), ", ",
                                      FormatBytes(seconds > 0 ? bytes / seconds : 0), "/s")});
  return table.ToString("");
}

TextTable::Row LatencyRow(std::string_view name, const Histogram& latency) {
  const auto duration = [](double ns) {
    return FormatDuration(std::chrono::nanoseconds(static_cast<int64_t>(ns)));
  };
  TextTable::Row row{std::string(name), duration(latency.mean())};
  for (const double percentile : kPercentiles) {
    row.push_back(duration(static_cast<double>(latency.ValueAt(percentile))));
  }
  row.push_back(duration(static_cast<double>(latency.max())));
  return row;
}

std::string LatencyBlock(const Tally& tally) {
  TextTable table;
  TextTable::Row head{"Latency", "mean"};
  for (const double percentile : kPercentiles) head.push_back(absl::StrFormat("p%g", percentile));
  head.push_back("max");
  table.Add(std::move(head));
  if (tally.ok() > 0) table.Add(LatencyRow("  ok", tally.ok_latency()));
  if (tally.failed() > 0) table.Add(LatencyRow("  failed", tally.failed_latency()));
  return table.ToString("");
}

std::string GeneratorNote(const TrialResult& result) {
  return absl::StrCat(FormatShare(result.generator_share()), " of its ", result.threads,
                      result.threads == 1 ? " thread" : " threads", ", which waited for a core ",
                      FormatShare(result.waited_share()), " of the time");
}

std::string CpuBlock(const Plan& plan, const TrialResult& result) {
  TextTable table;
  table.SetLeft(2);
  table.Add({"CPU", "per request", ""});
  const auto per_request = [](double us) { return absl::StrCat(FormatNumber(us), " µs"); };
  table.Add({"  generator", per_request(result.generator_cpu_us()), GeneratorNote(result)});
  if (const std::optional<double> server = result.server_cpu_us()) {
    const double share = static_cast<double>(result.server_cpu->count()) /
                         static_cast<double>(result.elapsed.count());
    table.Add({"  server", per_request(*server),
               absl::StrCat(FormatShare(share), " of one core, process ", *plan.server_pid)});
  }
  return table.ToString("");
}

std::string AnswerBlock(const Tally& tally) {
  TextTable table;
  table.SetLeft(2);
  table.Add({"Answers", "count", ""});
  const auto add = [&table](const std::string& name, int64_t count, const std::string& note) {
    table.Add({absl::StrCat("  ", name), FormatCount(count), note});
  };
  // Of successes there are codes only; a failure's sort has a message.
  if (tally.grpc_count(0) > 0) add("OK", tally.grpc_count(0), "");
  for (int status = 100; status < 400; ++status) {
    if (tally.http_count(status) > 0) add(absl::StrCat(status), tally.http_count(status), "");
  }
  for (const Failure& failure : tally.failures()) {
    std::string note;  // on one line, whatever the peer sent
    for (const char c : failure.message.substr(0, 100)) {
      note += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    add(SortName(failure.kind, failure.code), failure.count, note);
  }
  return table.ToString("");
}

}  // namespace

std::string SortName(OutcomeKind kind, int code) {
  switch (kind) {
    case OutcomeKind::kGrpcStatus:
      return std::string(rpc::CodeName(static_cast<absl::StatusCode>(code)));
    case OutcomeKind::kHttpStatus:
      return absl::StrCat(code);
    case OutcomeKind::kTimeout:
      return "timeout";
    case OutcomeKind::kConnect:
      return "connect";
    case OutcomeKind::kBroken:
      return "broken";
  }
  return "unknown";
}

std::vector<std::string> Warnings(const TrialResult& result) {
  std::vector<std::string> warnings;
  if (result.generator_saturated()) {
    warnings.push_back(absl::StrCat(
        "the generator was the bottleneck: it used ", FormatShare(result.generator_share()),
        " of its threads; give it more --threads, or the server does not show its limit"));
  }
  if (result.waited_share() >= kMuchWaiting) {
    warnings.push_back(
        absl::StrCat("the generator waited for a core ", FormatShare(result.waited_share()),
                     " of the time, which is in the latencies: the machine is too busy"));
  }
  if (result.interrupted) warnings.push_back("interrupted before its end");
  if (result.tally.ok() > 0 && result.tally.ok() < 1000) {
    warnings.push_back("p99 and above stand on fewer than 1,000 successes");
  }
  return warnings;
}

std::string TargetLine(const Plan& plan) {
  if (plan.http_method.empty()) return plan.target.url;
  return absl::StrCat(plan.http_method, " ", plan.target.url);
}

std::string TextRunReport(const Plan& plan, const TrialResult& result) {
  std::string text =
      absl::StrCat(TargetLine(plan), "\n", LoadLine(plan, result), "\n\n", CountBlock(result));
  if (result.tally.total() > 0) {
    absl::StrAppend(&text, "\n", LatencyBlock(result.tally), "\n", CpuBlock(plan, result), "\n",
                    AnswerBlock(result.tally));
  }
  const std::vector<std::string> warnings = Warnings(result);
  if (!warnings.empty()) text += '\n';
  for (const std::string& warning : warnings) absl::StrAppend(&text, "Warning: ", warning, "\n");
  return text;
}

}  // namespace slipway::client
