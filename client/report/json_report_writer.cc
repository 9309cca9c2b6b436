#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/measure/hdr.h"
#include "client/report/evaluate.h"
#include "client/report/json_report.h"
#include "client/report/json_writer.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

/// The percentiles of `latency_ms`.
constexpr double kJsonPercentiles[] = {50, 75, 90, 95, 99, 99.9, 99.99};
/// Where spectra end, so that what is left to 100 % can be read from their numbers.
constexpr double kLastPercentile = 99.999;
/// Larger whole numbers are not exact in readers that take every number for a double.
constexpr uint64_t kLargestExact = uint64_t{1} << 53;

double Milliseconds(double ns) { return ns / 1e6; }

/// Writes one report. Used once, by one thread.
class ReportWriter {
 public:
  ReportWriter(const Report& report, bool with_spectrum)
      : report_(report), spectrum_(with_spectrum), json_(!with_spectrum) {}

  std::string Write() {
    json_.BeginObject();
    Text("schema", kReportSchema);
    Head();
    Array("targets", report_.targets, [this](const auto& target) { Target(target); });
    Array("cells", report_.cells, [this](const auto& cell) { OneCell(cell); });
    Results();
    json_.EndObject();
    return json_.text();
  }

 private:
  /// Nothing when `text` is empty.
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) json_.Key(key).String(text);
  }
  void Count(std::string_view key, int64_t count) { json_.Key(key).Int(count); }
  void Bytes(std::string_view key, uint64_t bytes) { Count(key, static_cast<int64_t>(bytes)); }
  /// Nothing when the share is not known.
  void Share(std::string_view key, std::optional<double> share) {
    if (share) json_.Key(key).Number(*share);
  }
  void Seconds(std::string_view key, std::chrono::nanoseconds time) {
    json_.Key(key).Seconds(time);
  }
  void Texts(std::string_view key, const std::vector<std::string>& texts) {
    Array(key, texts, [this](const std::string& text) { json_.String(text); });
  }

  template <typename Items, typename Write>
  void Array(std::string_view key, const Items& items, const Write& write) {
    if (std::empty(items)) return;
    json_.Key(key).BeginArray();
    for (const auto& item : items) write(item);
    json_.EndArray();
  }

  void Head() {
    Text("program", report_.program);
    Text("command", report_.command);
    Texts("command_line", report_.command_line);
    Text("started", report_.started);
    json_.Key("seed");
    if (report_.seed < kLargestExact) {
      json_.Int(static_cast<int64_t>(report_.seed));
    } else {
      json_.String(absl::StrCat(report_.seed));
    }
    Text("slo", report_.slo);
    json_.Key("machine").BeginObject();
    Text("kernel", report_.machine.kernel);
    Text("cpu_model", report_.machine.cpu_model);
    Count("cpus", report_.machine.cpus);
    Count("memory_bytes", report_.machine.memory_bytes);
    json_.EndObject();
  }

  void Target(const ReportTarget& target) {
    json_.BeginObject();
    Text("name", target.name);
    Text("url", target.url);
    Text("protocol", target.protocol);
    json_.Key("tls").Bool(target.tls);
    Text("engine", target.engine);
    Text("method", target.method);
    Text("address", target.address);
    Text("command", target.command);
    Texts("steps", target.steps);
    Count("request_bytes", target.request_bytes);
    json_.EndObject();
  }

  void Load(const LoadShape& load) {
    json_.Key("load").BeginObject();
    Text("model", ModelName(load.model));
    Count("concurrency", load.concurrency);
    Count("connections", load.connections);
    Count("threads", load.threads);
    json_.Key("rate_per_s").Exact(load.rate);
    Text("schedule", load.schedule);
    json_.Key("poisson").Bool(load.poisson);
    json_.Key("catch_up").Exact(load.catch_up);
    Seconds("think_s", load.think);
    json_.Key("random_think").Bool(load.random_think);
    Count("requests", load.requests);
    Seconds("duration_s", load.duration);
    Seconds("warmup_s", load.warmup);
    Seconds("timeout_s", load.timeout);
    Seconds("drain_s", load.drain);
    json_.EndObject();
  }

  void OneCell(const Cell& cell) {
    const Tally merged = cell.Merged();
    json_.BeginObject();
    Count("target", static_cast<int64_t>(cell.target));
    json_.Key("guard").Bool(cell.is_guard);
    Load(cell.load);
    Summary(cell);
    if (merged.ok() > 0) Latency("latency_ms", merged.ok_latency());
    if (spectrum_) Spectrum(merged);
    Array("trials", cell.trials,
          [&](const ReportTrial& trial) { Trial(trial, report_.targets[cell.target].steps); });
    json_.EndObject();
  }

  void Summary(const Cell& cell) {
    json_.Key("summary").BeginObject();
    for (const Metric metric : kAllMetrics) {
      const std::optional<Estimate> estimate = MetricOf(cell, metric);
      if (!estimate) continue;
      const auto value = [metric](double v) { return IsPercentile(metric) ? Milliseconds(v) : v; };
      json_.Key(MetricName(metric)).BeginObject();
      json_.Key("value").Number(value(estimate->value));
      json_.Key("low").Number(value(estimate->low));
      json_.Key("high").Number(value(estimate->high));
      json_.Key("interval").Bool(estimate->is_interval);
      json_.EndObject();
    }
    json_.EndObject();
  }

  /// What histograms do not tell a reader.
  void Exactly(std::string_view key, double ns) { json_.Key(key).Exact(Milliseconds(ns)); }

  void Latency(std::string_view key, const Histogram& latency) {
    const auto put = [this](std::string_view name, double ns) {
      json_.Key(name).Number(Milliseconds(ns));
    };
    json_.Key(key).BeginObject();
    Count("count", latency.count());
    Exactly("min", static_cast<double>(latency.min()));
    Exactly("mean", latency.mean());
    for (const double percentile : kJsonPercentiles) {
      if (!EnoughFor(percentile, latency.count())) continue;
      put(absl::StrFormat("p%g", percentile), static_cast<double>(latency.ValueAt(percentile)));
    }
    Exactly("max", static_cast<double>(latency.max()));
    json_.EndObject();
  }

  /// Four points for each halving of the distance to 100 %, as far as samples reach.
  void Points(std::string_view key, const Histogram& latency) {
    if (latency.count() == 0) return;
    json_.Key(key).BeginArray();
    for (int step = 0;; ++step) {
      const double percentile = 100 * (1 - std::pow(2, -step / 4.0));
      const double beyond = static_cast<double>(latency.count()) * (1 - percentile / 100);
      if (percentile > kLastPercentile || beyond < 1) break;
      Point(percentile, latency.ValueAt(percentile));
    }
    const double last = 100 * (1 - 1 / static_cast<double>(latency.count() + 1));
    if (last <= kLastPercentile) Point(last, latency.max());
    json_.EndArray();
  }

  void Point(double percentile, int64_t ns) {
    json_.BeginArray().Number(percentile).Number(Milliseconds(static_cast<double>(ns))).EndArray();
  }

  void Spectrum(const Tally& tally) {
    json_.Key("spectrum").BeginObject();
    for (const Series series : {Series::kOk, Series::kService}) {
      Points(SeriesName(series), tally.Of(series));
    }
    json_.EndObject();
  }

  void Trial(const ReportTrial& trial, const std::vector<std::string>& steps) {
    const TrialResult& result = trial.result;
    json_.BeginObject();
    Count("block", trial.block);
    Count("order", trial.order);
    Counts(result);
    Latencies(result.tally);
    if (spectrum_) Spectrum(result.tally);
    Cpu(result);
    Server(result);
    Answers(result.tally);
    Failures(result.tally);
    Steps(result.tally, steps);
    Slices(result.timeline);
    Histograms(result.tally);
    json_.EndObject();
  }

  void Counts(const TrialResult& result) {
    Seconds("started_s", result.started);
    Seconds("elapsed_s", result.elapsed);
    Count("total", result.tally.total());
    Count("ok", result.tally.ok());
    Count("failed", result.tally.failed());
    Count("warmup_requests", result.warmup_requests);
    Count("cut_off", result.cut_off);
    Count("offered", result.offered);
    if (result.offered_time.count() > 0) Seconds("offered_s", result.offered_time);
    json_.Key("interrupted").Bool(result.interrupted);
    json_.Key("window").BeginObject();
    Count("finished", result.window.finished);
    Count("ok", result.window.ok);
    Bytes("bytes_received", result.window.bytes_received);
    json_.EndObject();
    json_.Key("throughput_per_s").Number(result.throughput());
    Bytes("bytes_sent", result.bytes_sent);
    Bytes("bytes_received", result.tally.bytes_received());
    Bytes("reconnects", result.reconnects);
    Count("threads", result.threads);
  }

  void Latencies(const Tally& tally) {
    json_.Key("latency_ms").BeginObject();
    for (const Series series : kAllSeries) {
      if (tally.Of(series).count() > 0) Latency(SeriesName(series), tally.Of(series));
    }
    json_.EndObject();
  }

  void Cpu(const TrialResult& result) {
    json_.Key("cpu").BeginObject();
    Seconds("generator_s", result.generator_cpu);
    if (result.server_cpu) Seconds("server_s", *result.server_cpu);
    Seconds("machine_s", result.machine_cpu);
    Seconds("steal_s", result.steal);
    Seconds("machine_time_s", result.machine_time);
    Seconds("generator_waited_s", result.waited);
    if (result.server_waited) Seconds("server_waited_s", *result.server_waited);
    json_.Key("generator_us_per_request").Number(result.generator_cpu_us());
    if (const auto server = result.server_cpu_us()) {
      json_.Key("server_us_per_request").Number(*server);
    }
    if (const auto machine = result.machine_cpu_us()) {
      json_.Key("machine_us_per_request").Number(*machine);
    }
    Share("generator_share", result.generator_share());
    if (const auto busiest = result.busiest_share()) {
      json_.Key("busiest_thread_share").Exact(*busiest);
    }
    Share("generator_waited_share", result.waited_share());
    Share("steal_share", result.steal_share());
    json_.EndObject();
  }

  void Server(const TrialResult& result) {
    if (result.server_resident == 0 && result.server_threads == 0) return;
    json_.Key("server").BeginObject();
    Count("resident_bytes", result.server_resident);
    Count("threads", result.server_threads);
    json_.EndObject();
  }

  void Answers(const Tally& tally) {
    json_.Key("answers").BeginObject();
    for (int code = 0; code <= 16; ++code) {
      if (const int64_t count = tally.grpc_count(code); count > 0) {
        Count(SortName(OutcomeKind::kGrpcStatus, code), count);
      }
    }
    for (int status = 0; status < 1000; ++status) {
      if (tally.http_count(status) > 0) Count(absl::StrCat(status), tally.http_count(status));
    }
    json_.EndObject();
  }

  void Failures(const Tally& tally) {
    Array("failures", tally.failures(), [this](const Failure& failure) {
      json_.BeginObject();
      Text("sort", SortName(failure.kind, failure.code));
      Text("kind", KindName(failure.kind));
      Count("code", failure.code);
      Count("count", failure.count);
      Text("first_message", failure.message);
      json_.EndObject();
    });
  }

  void Steps(const Tally& tally, const std::vector<std::string>& names) {
    size_t index = 0;
    Array("steps", tally.steps(), [&](const StepTally& step) {
      json_.BeginObject();
      Text("name", index < names.size() ? names[index] : absl::StrCat(index + 1));
      ++index;
      Latency("ok", step.ok);
      Count("failed", step.failed);
      Text("histogram", EncodeHdr(step.ok));
      json_.EndObject();
    });
  }

  void Slices(const Timeline& timeline) {
    if (timeline.slices().empty()) return;
    json_.Key("timeline").BeginObject();
    Seconds("interval_s", timeline.interval());
    Array("slices", timeline.slices(), [this](const Timeline::Slice& slice) {
      json_.BeginObject();
      Count("ok", slice.ok.count());
      Count("failed", slice.failed);
      if (slice.ok.count() > 0) {
        json_.Key("p50").Number(Milliseconds(static_cast<double>(slice.ok.ValueAt(50))));
        json_.Key("p99").Number(Milliseconds(static_cast<double>(slice.ok.ValueAt(99))));
        Exactly("max", static_cast<double>(slice.ok.max()));
        Text("histogram", EncodeHdr(slice.ok));
      }
      json_.EndObject();
    });
    json_.EndObject();
  }

  void Histograms(const Tally& tally) {
    json_.Key("histograms").BeginObject();
    for (const Series series : kAllSeries) {
      if (tally.Of(series).count() > 0) Text(SeriesName(series), EncodeHdr(tally.Of(series)));
    }
    json_.EndObject();
  }

  void Results() {
    if (report_.best) Count("best", static_cast<int64_t>(*report_.best));
    Array("knees", Knees(), [this](size_t cell) { json_.Int(static_cast<int64_t>(cell)); });
    Array("ratios", report_.ratios, [this](const Ratio& ratio) {
      json_.BeginObject();
      Count("base", static_cast<int64_t>(ratio.base));
      Count("other", static_cast<int64_t>(ratio.other));
      Text("metric", MetricName(ratio.metric));
      json_.Key("ratio").Exact(ratio.ratio.value);
      json_.Key("low").Exact(ratio.ratio.low);
      json_.Key("high").Exact(ratio.ratio.high);
      json_.Key("interval").Bool(ratio.ratio.is_interval);
      Count("pairs", ratio.pairs);
      json_.EndObject();
    });
    Texts("verdicts", report_.verdicts);
    Array("notices", report_.notices, [this](const Notice& notice) {
      json_.BeginObject();
      Text("level", LevelName(notice.level));
      Text("text", notice.text);
      json_.Key("found").Bool(notice.is_found);
      json_.EndObject();
    });
    Tables();
  }

  std::vector<size_t> Knees() const {
    std::vector<size_t> knees;
    for (size_t target = 0; target < report_.targets.size(); ++target) {
      if (const std::optional<size_t> knee = KneeOf(report_, target)) knees.push_back(*knee);
    }
    return knees;
  }

  void Tables() {
    Array("tables", report_.tables, [this](const ReportTable& table) {
      json_.BeginObject();
      Text("title", table.title);
      Texts("columns", table.columns);
      Array("rows", table.rows, [this](const std::vector<std::string>& row) {
        json_.BeginArray();
        for (const std::string& field : row) json_.String(field);
        json_.EndArray();
      });
      json_.EndObject();
    });
  }

  const Report& report_;
  const bool spectrum_;
  JsonWriter json_;
};

}  // namespace

std::string ReportJson(const Report& report, bool with_spectrum) {
  return ReportWriter(report, with_spectrum).Write();
}

}  // namespace slipway::client
