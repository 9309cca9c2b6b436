#include "client/report/csv_report.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/report/names.h"
#include "schema/json.h"

namespace slipway::client {
namespace {

constexpr double kCsvPercentiles[] = {50, 75, 90, 95, 99, 99.9, 99.99};

/// One line of UTF-8, as JSON reports repair it: their escapes are undone, of which a line without
/// control characters has two.
std::string Clean(const std::string& text) {
  std::string quoted;
  schema::AppendJsonString(OneLine(text, text.size()), &quoted);
  return absl::StrReplaceAll(quoted.substr(1, quoted.size() - 2), {{"\\\"", "\""}, {"\\\\", "\\"}});
}

std::string Quoted(const std::string& text) {
  const std::string field = Clean(text);
  if (field.find_first_of(",\"") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

/// One line: names and values come together, so that they cannot be mixed up.
class Line {
 public:
  void Text(std::string_view name, std::string value) {
    names_.emplace_back(name);
    values_.push_back(Quoted(value));
  }
  void Count(std::string_view name, int64_t count) { Text(name, absl::StrCat(count)); }
  void Flag(std::string_view name, bool flag) { Text(name, flag ? "true" : "false"); }
  void Number(std::string_view name, std::optional<double> number) {
    Text(name, number && std::isfinite(*number) ? absl::StrFormat("%.9g", *number) : "");
  }
  void Seconds(std::string_view name, std::chrono::nanoseconds time) {
    Number(name, std::chrono::duration<double>(time).count());
  }
  void Milliseconds(std::string_view name, const Histogram& times, double percentile) {
    const bool known = EnoughFor(percentile, times.count());
    const auto ns = static_cast<double>(times.ValueAt(percentile));
    Number(name, known ? std::optional(ns / 1e6) : std::nullopt);
  }

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::string> values_;
};

void AddLoad(const ReportTarget& target, const Cell& cell, Line* line) {
  line->Text("target", target.name);
  line->Text("url", target.url);
  line->Text("protocol", target.protocol);
  line->Text("model", std::string(ModelName(cell.load.model)));
  line->Count("concurrency", cell.load.concurrency);
  line->Count("connections", cell.load.connections);
  line->Count("threads", cell.load.threads);
  line->Number("rate_per_s", cell.load.rate > 0 ? std::optional(cell.load.rate) : std::nullopt);
  line->Flag("guard", cell.is_guard);
}

void AddCounts(const ReportTrial& trial, Line* line) {
  const TrialResult& result = trial.result;
  line->Count("block", trial.block);
  line->Count("order", trial.order);
  line->Seconds("started_s", result.started);
  line->Seconds("elapsed_s", result.elapsed);
  line->Count("total", result.tally.total());
  line->Count("ok", result.tally.ok());
  line->Count("failed", result.tally.failed());
  line->Count("cut_off", result.cut_off);
  line->Count("offered", result.offered);
  line->Number("throughput_per_s", result.throughput());
}

void AddLatencies(const Tally& tally, Line* line) {
  const Histogram& ok = tally.ok_latency();
  const auto any = [&ok](double ns) {
    return ok.count() > 0 ? std::optional(ns / 1e6) : std::nullopt;
  };
  line->Number("mean_ms", any(ok.mean()));
  for (const double percentile : kCsvPercentiles) {
    line->Milliseconds(absl::StrFormat("p%g_ms", percentile), ok, percentile);
  }
  line->Number("max_ms", any(static_cast<double>(ok.max())));
  line->Milliseconds("failed_p50_ms", tally.failed_latency(), 50);
  for (const Series series : {Series::kService, Series::kLag, Series::kStreamWait, Series::kMessage,
                              Series::kAcknowledged}) {
    line->Milliseconds(absl::StrCat(std::string(SeriesName(series)), "_p99_ms"), tally.Of(series),
                       99);
  }
}

void AddCosts(const TrialResult& result, Line* line) {
  line->Number("generator_cpu_us", MetricOf(result, Metric::kGeneratorCpu));
  line->Number("server_cpu_us", MetricOf(result, Metric::kServerCpu));
  line->Number("machine_cpu_us", MetricOf(result, Metric::kMachineCpu));
  line->Number("generator_share", result.generator_share());
  line->Number("generator_waited_share", result.waited_share());
  line->Number("steal_share", result.steal_share());
  line->Count("bytes_sent", static_cast<int64_t>(result.bytes_sent));
  line->Count("bytes_received", static_cast<int64_t>(result.tally.bytes_received()));
  line->Count("reconnects", static_cast<int64_t>(result.reconnects));
  line->Count("server_resident_bytes", result.server_resident);
  line->Count("server_threads", result.server_threads);
  line->Flag("interrupted", result.interrupted);
}

Line LineOf(const ReportTarget& target, const Cell& cell, const ReportTrial& trial) {
  Line line;
  AddLoad(target, cell, &line);
  AddCounts(trial, &line);
  AddLatencies(trial.result.tally, &line);
  AddCosts(trial.result, &line);
  return line;
}

void Append(const std::vector<std::string>& fields, std::string* text) {
  for (size_t i = 0; i < fields.size(); ++i) absl::StrAppend(text, i > 0 ? "," : "", fields[i]);
  *text += '\n';
}

}  // namespace

std::string CsvReport(const Report& report) {
  std::string text;
  Append(LineOf(ReportTarget(), Cell(), ReportTrial()).names(), &text);
  for (const Cell& cell : report.cells) {
    for (const ReportTrial& trial : cell.trials) {
      Append(LineOf(report.targets[cell.target], cell, trial).values(), &text);
    }
  }
  return text;
}

}  // namespace slipway::client
