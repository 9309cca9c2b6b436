#include "client/report/text_trial.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/report/format.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

/// The percentiles that are shown of one trial.
constexpr double kPercentiles[] = {50, 75, 90, 95, 99, 99.9};

constexpr int kLastGrpcCode = 16;
constexpr int kLastHttpStatus = 999;

std::string Counted(int64_t count, std::string_view thing) {
  return absl::StrCat(FormatCount(count), " ", std::string(thing), count == 1 ? "" : "s");
}

std::string_view RowName(Series series) {
  switch (series) {
    case Series::kStreamWait:
      return "stream wait";
    default:
      return SeriesName(series);
  }
}

bool HasSeveralServers(const ReportTarget& target) {
  return absl::StrContains(target.address, kServersJoin) ||
         absl::StrContains(target.protocol, kServersJoin);
}

std::string RequestsText(const LoadShape& load, const TrialResult& result) {
  const Tally& tally = result.tally;
  std::string text = absl::StrCat(FormatCount(tally.total()), " = ", FormatCount(tally.ok()),
                                  " ok + ", FormatCount(tally.failed()), " failed");
  if (IsOpen(load) && result.offered > 0) {
    text = absl::StrCat(FormatCount(result.offered), " due, ", text);
  }
  if (result.cut_off > 0) {
    absl::StrAppend(&text, "; ", FormatCount(result.cut_off), " more were cut off at the end");
  }
  if (result.warmup_requests > 0) {
    absl::StrAppend(&text, "; ", FormatCount(result.warmup_requests), " before in the warm-up");
  }
  if (result.reconnects > 0) {
    absl::StrAppend(&text, "; ", Counted(static_cast<int64_t>(result.reconnects), "connection"),
                    " opened anew");
  }
  return text;
}

std::string CountBlock(const LoadShape& load, const TrialResult& result) {
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  const auto rate = [seconds](double count) { return seconds > 0 ? count / seconds : 0; };
  const auto bytes = static_cast<double>(result.window.bytes_received);
  TextTable table;
  table.SetLeft(1);
  table.Add({"Requests", RequestsText(load, result)});
  if (IsOpen(load) && result.offered > 0) {
    table.Add({"Offered", absl::StrCat(FormatNumber(result.offered_rate()), "/s")});
  }
  table.Add({"Throughput", absl::StrCat(FormatNumber(result.throughput()), " ok/s")});
  table.Add({"Received", absl::StrCat(FormatBytes(bytes), ", ", FormatBytes(rate(bytes)), "/s")});
  return table.ToString("");
}

TextTable::Row LatencyRow(std::string_view name, const Histogram& latency) {
  TextTable::Row row{absl::StrCat("  ", std::string(name)), FormatNanoseconds(latency.mean())};
  for (const double percentile : kPercentiles) {
    row.push_back(EnoughFor(percentile, latency.count())
                      ? FormatNanoseconds(static_cast<double>(latency.ValueAt(percentile)))
                      : kUnknown);
  }
  row.push_back(FormatNanoseconds(static_cast<double>(latency.max())));
  return row;
}

TextTable::Row LatencyHead(std::string title) {
  TextTable::Row head{std::move(title), "mean"};
  for (const double percentile : kPercentiles) head.push_back(absl::StrFormat("p%g", percentile));
  head.push_back("max");
  return head;
}

std::string LatencyBlock(const Tally& tally) {
  TextTable table;
  table.Add(LatencyHead("Latency"));
  for (const Series series : kAllSeries) {
    const Histogram& times = tally.Of(series);
    if (times.count() > 0) table.Add(LatencyRow(RowName(series), times));
  }
  return table.ToString("");
}

std::string StepBlock(const std::vector<std::string>& names, const Tally& tally) {
  TextTable table;
  TextTable::Row head = LatencyHead("Steps");
  head.insert(head.begin() + 1, {"ok", "failed"});
  table.Add(std::move(head));
  for (size_t i = 0; i < tally.steps().size(); ++i) {
    const StepTally& step = tally.steps()[i];
    TextTable::Row row =
        LatencyRow(i < names.size() ? OneLine(names[i], 30) : absl::StrCat(i + 1), step.ok);
    row.insert(row.begin() + 1, {FormatCount(step.ok.count()), FormatCount(step.failed)});
    table.Add(std::move(row));
  }
  return table.ToString("");
}

std::string ShareText(std::optional<double> share) {
  return share ? FormatShare(*share) : kUnknown;
}

std::string GeneratorNote(const TrialResult& result) {
  const std::optional<double> busiest = result.busiest_share();
  return absl::StrCat(
      ShareText(result.generator_share()), " of its ", Counted(result.threads, "thread"),
      result.threads > 1 && busiest ? absl::StrCat(" (the busiest: ", FormatShare(*busiest), ")")
                                    : "",
      ", which waited for a core ", ShareText(result.waited_share()), " of the time");
}

std::string ServerNote(const TrialResult& result) {
  std::string note = absl::StrCat(ShareText(result.server_share()), " of one core");
  if (result.server_threads > 0) {
    absl::StrAppend(&note, ", ", Counted(result.server_threads, "thread"));
  }
  if (result.server_resident > 0) {
    absl::StrAppend(&note, ", ", FormatBytes(static_cast<double>(result.server_resident)),
                    " resident");
  }
  return note;
}

std::string CpuBlock(const TrialResult& result) {
  TextTable table;
  table.SetLeft(2);
  table.Add({"CPU", "per request", ""});
  const auto add = [&table](const std::string& name, double us, const std::string& note) {
    table.Add({absl::StrCat("  ", name), absl::StrCat(FormatNumber(us), " µs"), note});
  };
  add("generator", result.generator_cpu_us(), GeneratorNote(result));
  if (const std::optional<double> server = result.server_cpu_us()) {
    add("server", *server, ServerNote(result));
  }
  if (const std::optional<double> machine = result.machine_cpu_us()) {
    add("machine", *machine,
        absl::StrCat("all processes; the hypervisor took ", ShareText(result.steal_share())));
  }
  return table.ToString("");
}

/// Answers with this code that are among the failures.
int64_t FailuresOf(const Tally& tally, OutcomeKind kind, int code) {
  int64_t count = 0;
  for (const Failure& failure : tally.failures()) {
    if (failure.kind == kind && failure.code == code) count += failure.count;
  }
  return count;
}

std::string AnswerBlock(const Tally& tally) {
  TextTable table;
  table.SetLeft(2);
  table.Add({"Answers", "count", ""});
  const auto add = [&table](const std::string& name, int64_t count, const std::string& note) {
    table.Add({absl::StrCat("  ", name), FormatCount(count), note});
  };
  // Of successes there are codes only; a failure's sort has a message. What is an error elsewhere
  // may have been asked for.
  const auto add_ok = [&](OutcomeKind kind, int code, int64_t count, bool is_error) {
    const int64_t ok = count - FailuresOf(tally, kind, code);
    if (ok > 0) add(SortName(kind, code), ok, is_error ? "ok: it was expected" : "");
  };
  for (int code = 0; code <= kLastGrpcCode; ++code) {
    add_ok(OutcomeKind::kGrpcStatus, code, tally.grpc_count(code), code != 0);
  }
  for (int status = 0; status <= kLastHttpStatus; ++status) {
    add_ok(OutcomeKind::kHttpStatus, status, tally.http_count(status), status >= 400);
  }
  for (const Failure& failure : tally.failures()) {
    add(SortName(failure.kind, failure.code), failure.count, OneLine(failure.message));
  }
  return table.ToString("");
}

}  // namespace

std::string TargetText(const ReportTarget& target) {
  if (target.name.empty() || target.name == target.url) return TargetLine(target);
  return absl::StrCat(target.name, "  ", TargetLine(target));
}

std::string ProtocolText(const ReportTarget& target) {
  std::string text = absl::StrReplaceAll(
      target.protocol, {{"grpc", "gRPC"}, {"http/", "HTTP/"}, {kServersJoin, " and "}});
  if (target.tls) text += " over TLS";
  if (!target.engine.empty() && target.engine != "native") {
    absl::StrAppend(&text, " (", target.engine, ")");
  }
  return text;
}

std::string LoadText(const LoadShape& load) {
  std::string text = absl::StrCat(FormatCount(load.concurrency), " in flight");
  if (load.connections > 0) {
    absl::StrAppend(&text, " over ", Counted(load.connections, "connection"));
  }
  if (IsOpen(load)) text = absl::StrCat(LoadName(load), ", at most ", text);
  if (load.catch_up > 0) {
    absl::StrAppend(&text, ", catching up at ", FormatRatio(load.catch_up), " × the rate");
  }
  if (load.think.count() > 0) {
    absl::StrAppend(&text, ", ", FormatDuration(load.think), " of think time",
                    load.random_think ? " on average" : "");
  }
  return text;
}

std::string ExtentText(const LoadShape& load) {
  std::string text = load.requests > 0 ? Counted(load.requests, "request") : "";
  if (load.duration.count() > 0) {
    absl::StrAppend(&text, text.empty() ? "" : " or ", FormatDuration(load.duration));
  }
  if (load.warmup.count() > 0) {
    absl::StrAppend(&text, " after ", FormatDuration(load.warmup), " of warm-up");
  }
  return text;
}

std::string TrialText(const ReportTarget& target, const LoadShape& load,
                      const TrialResult& result) {
  LoadShape shown = load;
  if (HasSeveralServers(target)) shown.connections = 0;  // each has some of its own
  std::string text = absl::StrCat(TargetText(target), "\n", ProtocolText(target), ", ",
                                  LoadText(shown), ", ", Counted(result.threads, "thread"), ", ",
                                  FormatDuration(result.elapsed), " measured");
  if (load.warmup.count() > 0) {
    absl::StrAppend(&text, " after ", FormatDuration(load.warmup), " of warm-up");
  }
  absl::StrAppend(&text, "\n\n", CountBlock(load, result));
  if (result.tally.total() == 0) return text;
  absl::StrAppend(&text, "\n", LatencyBlock(result.tally), "\n");
  if (!result.tally.steps().empty()) {
    absl::StrAppend(&text, StepBlock(target.steps, result.tally), "\n");
  }
  absl::StrAppend(&text, CpuBlock(result), "\n", AnswerBlock(result.tally));
  return text;
}

}  // namespace slipway::client
