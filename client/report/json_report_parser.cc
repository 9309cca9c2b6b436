#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/json_depth.h"
#include "client/measure/hdr.h"
#include "client/report/json_reader.h"
#include "client/report/json_report.h"
#include "client/report/names.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace slipway::client {
namespace {

constexpr int64_t kMostInt = std::numeric_limits<int>::max();
constexpr double kMostRate = 1e12;
/// All histograms of one report: a short text can ask for much memory.
constexpr uint64_t kMostHistogramBytes = uint64_t{1} << 30;
constexpr size_t kMostSteps = 1000;
/// Larger seeds are strings: a double would not hold them.
constexpr int64_t kMostNumericSeed = int64_t{1} << 53;
/// Blocks and places in the order: leaves room for merging.
constexpr int64_t kMostPlaces = 100'000'000;
/// Deeper than any report; see JsonDepth for why there is a limit.
constexpr int kMostDepth = 32;

/// Reads one document. Used once, by one thread. What is wrong is in the objects' common status.
class ReportParser {
 public:
  Report Parse(const JsonObject& json) {
    CheckSchema(json);
    Head(json);
    json.ForEach("targets", [this](const JsonObject& target) { Target(target); });
    json.ForEach("cells", [this](const JsonObject& cell) { OneCell(cell); });
    Results(json);
    if (report_.cells.empty() && report_.tables.empty()) {
      json.Fail("cells", "is missing or empty, and there are no tables: nothing was measured");
    }
    return std::move(report_);
  }

 private:
  static void CheckSchema(const JsonObject& json) {
    json.Require("schema");
    const std::string schema = json.String("schema");
    if (schema == kReportSchema) return;
    json.Fail("schema", absl::StrCat("must be ", std::string(kReportSchema), ", not \"",
                                     OneLine(schema), "\""));
  }

  void Head(const JsonObject& json) {
    report_.program = json.String("program");
    report_.command = json.String("command");
    report_.command_line = json.Strings("command_line");
    report_.started = json.String("started");
    report_.slo = json.String("slo");
    report_.seed = Seed(json);
    const JsonObject machine = json.Object("machine");
    report_.machine.kernel = machine.String("kernel");
    report_.machine.cpu_model = machine.String("cpu_model");
    report_.machine.cpus = static_cast<int>(machine.Int("cpus", 0, kMostInt));
    report_.machine.memory_bytes = machine.Count("memory_bytes");
  }

  /// A number, or a string when a double would not hold it.
  uint64_t Seed(const JsonObject& json) const {
    if (!json.IsString("seed")) {
      return static_cast<uint64_t>(json.Int("seed", 0, kMostNumericSeed));
    }
    uint64_t seed = 0;
    const std::string text = json.String("seed");
    if (!absl::SimpleAtoi(text, &seed)) {
      json.Fail("seed", absl::StrCat("must be a whole number, not \"", OneLine(text), "\""));
    }
    return seed;
  }

  void Target(const JsonObject& json) {
    json.Require("name");
    ReportTarget target;
    target.name = json.String("name");
    target.url = json.String("url");
    target.protocol = json.String("protocol");
    target.tls = json.Bool("tls");
    target.engine = json.String("engine");
    target.method = json.String("method");
    target.address = json.String("address");
    target.command = json.String("command");
    target.steps = json.Strings("steps");
    target.request_bytes = json.Count("request_bytes");
    report_.targets.push_back(std::move(target));
  }

  void OneCell(const JsonObject& json) {
    json.Require("target");
    json.Require("load");
    Cell cell;
    cell.target = Index(json, "target", report_.targets.size());
    cell.is_guard = json.Bool("guard");
    cell.load = Load(json.Object("load"));
    json.ForEach("trials", [&](const JsonObject& trial) {
      if (++trials_ > kMostReportTrials) {
        return trial.Fail(
            "", absl::StrCat("is beyond the ", kMostReportTrials, " that a report may have"));
      }
      cell.trials.push_back(Trial(trial));
    });
    report_.cells.push_back(std::move(cell));
  }

  /// A number below `size`.
  static size_t Index(const JsonObject& json, std::string_view key, size_t size) {
    const int64_t index = json.Count(key);
    if (static_cast<size_t>(index) >= size) {
      json.Fail(key, absl::StrCat("must be less than ", size, ", not ", index));
      return 0;
    }
    return static_cast<size_t>(index);
  }

  static LoadShape Load(const JsonObject& json) {
    constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
    LoadShape load;
    const std::string model = json.String("model");
    if (const auto found = FindModel(model)) {
      load.model = *found;
    } else {
      json.Fail("model", absl::StrCat("must be closed, constant, poisson or schedule, not \"",
                                      OneLine(model), "\""));
    }
    load.concurrency = static_cast<uint32_t>(json.Int("concurrency", 1, kMost, 1));
    load.connections = static_cast<uint32_t>(json.Int("connections", 0, kMost, 1));
    load.threads = static_cast<int>(json.Int("threads", 1, kMostInt, 1));
    load.rate = json.Number("rate_per_s", 0, kMostRate);
    load.schedule = json.String("schedule");
    load.poisson = json.Bool("poisson");
    load.catch_up = json.Number("catch_up", 0, kMostRate);
    load.think = json.Seconds("think_s");
    load.random_think = json.Bool("random_think");
    load.requests = json.Count("requests");
    load.duration = json.Seconds("duration_s");
    load.warmup = json.Seconds("warmup_s");
    load.timeout = json.Seconds("timeout_s");
    load.drain = json.Seconds("drain_s");
    return load;
  }

  ReportTrial Trial(const JsonObject& json) {
    ReportTrial trial;
    trial.block = static_cast<int>(json.Int("block", 0, kMostPlaces));
    trial.order = static_cast<int>(json.Int("order", 0, kMostPlaces));
    TrialResult& result = trial.result;
    Counts(json, &result);
    Cpu(json.Object("cpu"), &result);
    const JsonObject server = json.Object("server");
    result.server_resident = server.Count("resident_bytes");
    result.server_threads = static_cast<int>(server.Int("threads", 0, kMostInt));
    Answers(json.Object("answers"), &result.tally);
    json.ForEach("failures", [&](const JsonObject& failure) { Failed(failure, &result.tally); });
    Steps(json, &result.tally);
    OneTimeline(json.Object("timeline"), &result.timeline);
    const JsonObject histograms = json.Object("histograms");
    Histograms(histograms, json.Object("latency_ms"), &result.tally);
    CheckCount(json, "ok", result.tally.ok(), histograms);
    CheckCount(json, "failed", result.tally.failed(), histograms);
    return trial;
  }

  static void Counts(const JsonObject& json, TrialResult* result) {
    result->started = json.Seconds("started_s");
    result->elapsed = json.Seconds("elapsed_s");
    result->warmup_requests = json.Count("warmup_requests");
    result->cut_off = json.Count("cut_off");
    result->offered = json.Count("offered");
    result->offered_time = json.Seconds("offered_s");
    result->interrupted = json.Bool("interrupted");
    const JsonObject window = json.Object("window");
    result->window.finished = window.Count("finished");
    result->window.ok = window.Count("ok");
    result->window.bytes_received = static_cast<uint64_t>(window.Count("bytes_received"));
    result->bytes_sent = static_cast<uint64_t>(json.Count("bytes_sent"));
    result->tally.RestoreBytes(static_cast<uint64_t>(json.Count("bytes_received")));
    result->reconnects = static_cast<uint64_t>(json.Count("reconnects"));
    result->threads = static_cast<int>(json.Int("threads", 1, kMostInt, 1));
  }

  static void Cpu(const JsonObject& json, TrialResult* result) {
    result->generator_cpu = json.Seconds("generator_s");
    if (json.Has("server_s")) result->server_cpu = json.Seconds("server_s");
    result->machine_cpu = json.Seconds("machine_s");
    result->steal = json.Seconds("steal_s");
    result->machine_time = json.Seconds("machine_time_s");
    result->waited = json.Seconds("generator_waited_s");
    // Clocks that are read one after the other can make it a little more than 1.
    result->busiest_thread_share = json.Number("busiest_thread_share", 0, 2);
    if (json.Has("server_waited_s")) result->server_waited = json.Seconds("server_waited_s");
  }

  static void Answers(const JsonObject& json, Tally* tally) {
    for (const std::string& key : json.Keys()) {
      int status = 0;
      if (const std::optional<int> code = FindGrpcCode(key)) {
        tally->RestoreAnswer(OutcomeKind::kGrpcStatus, *code, json.Count(key));
      } else if (absl::SimpleAtoi(key, &status) && status >= 0 && status <= 999) {
        tally->RestoreAnswer(OutcomeKind::kHttpStatus, status, json.Count(key));
      } else {
        json.Fail(OneLine(key), "must be a gRPC status such as NOT_FOUND or an HTTP status");
      }
    }
  }

  static void Failed(const JsonObject& json, Tally* tally) {
    const std::string name = json.String("kind");
    const std::optional<OutcomeKind> kind = FindKind(name);
    if (!kind) {
      json.Fail("kind",
                absl::StrCat("must be grpc_status, http_status, timeout, connect, broken or "
                             "unexpected, not \"",
                             OneLine(name), "\""));
      return;
    }
    tally->RestoreFailure({*kind, static_cast<int>(json.Int("code", -kMostInt, kMostInt)),
                           json.Count("count"), json.String("first_message")});
  }

  void Steps(const JsonObject& json, Tally* tally) {
    std::vector<StepTally> steps;
    json.ForEach("steps", [&](const JsonObject& step) {
      if (steps.size() >= kMostSteps) return step.Fail("", "is one too many");
      StepTally one;
      one.failed = step.Count("failed");
      if (auto histogram = OneHistogram(step, "histogram", one.ok.range())) {
        one.ok = *std::move(histogram);
        Exact(step.Object("ok"), &one.ok);
      }
      steps.push_back(std::move(one));
    });
    if (!steps.empty()) tally->RestoreSteps(std::move(steps));
  }

  void OneTimeline(const JsonObject& json, Timeline* timeline) {
    if (!json.Has("slices")) return;
    const std::chrono::nanoseconds interval = json.Seconds("interval_s");
    if (interval.count() <= 0) json.Fail("interval_s", "must be above 0");
    std::vector<Timeline::Slice> slices;
    json.ForEach("slices", [&](const JsonObject& slice) {
      if (slices.size() >= Timeline::kMaxSlices) return slice.Fail("", "is one too many");
      Timeline::Slice one;
      one.failed = slice.Count("failed");
      if (auto histogram = OneHistogram(slice, "histogram", Timeline::kRange)) {
        one.ok = *std::move(histogram);
        Exact(slice, &one.ok);
      } else if (!Charge(one.ok)) {
        slice.Fail("", "is beyond the histograms that one report may have");
      }
      slices.push_back(std::move(one));
    });
    if (json.ok()) timeline->Restore(interval, std::move(slices));
  }

  void Histograms(const JsonObject& json, const JsonObject& exact, Tally* tally) {
    for (const Series series : kAllSeries) {
      auto histogram = OneHistogram(json, SeriesName(series), Histogram::Range{});
      if (!histogram) continue;
      Exact(exact.Object(SeriesName(series)), &*histogram);
      tally->Restore(series, *std::move(histogram));
    }
  }

  /// What a trial counts is what its histograms hold; a file that lost them has lost its numbers.
  static void CheckCount(const JsonObject& json, std::string_view key, int64_t found,
                         const JsonObject& histograms) {
    const int64_t counted = json.Count(key);
    if (!json.Has(key) || counted == found) return;
    histograms.Fail(key, absl::StrCat(found == 0 ? "is missing" : absl::StrCat("holds ", found),
                                      ", but the trial counts ", counted));
  }

  /// Puts back what the slots do not tell, as far as it is there.
  static void Exact(const JsonObject& json, Histogram* histogram) {
    constexpr double kMostMs = 1e12;  // an hour is the largest that is recorded
    const auto nanoseconds = [&json](std::string_view key, double otherwise) {
      return json.Has(key) ? json.Number(key, 0, kMostMs) * 1e6 : otherwise;
    };
    const double min = nanoseconds("min", static_cast<double>(histogram->min()));
    const double max = nanoseconds("max", static_cast<double>(histogram->max()));
    const double mean = nanoseconds("mean", histogram->mean());
    histogram->RestoreExact(std::llround(min), std::llround(max), mean);
  }

  /// Nothing when it is absent or wrong. Only those of the same range can be merged.
  std::optional<Histogram> OneHistogram(const JsonObject& json, std::string_view key,
                                        const Histogram::Range& range) {
    if (!json.Has(key)) return std::nullopt;
    absl::StatusOr<Histogram> histogram = DecodeHdr(json.String(key));
    if (!json.ok()) return std::nullopt;
    if (!histogram.ok()) {
      json.Fail(key, std::string(histogram.status().message()));
      return std::nullopt;
    }
    const Histogram::Range& found = histogram->range();
    if (found != range) {
      json.Fail(key, absl::StrCat("must be a histogram of ", range.lowest, " to ", range.highest,
                                  " with ", range.digits, " digits, not of ", found.lowest, " to ",
                                  found.highest, " with ", found.digits));
      return std::nullopt;
    }
    if (histogram->count() < 0 || histogram->count() > JsonObject::kMostCount) {
      json.Fail(key, "holds more samples than can be added up");
      return std::nullopt;
    }
    if (!Charge(*histogram)) {
      json.Fail(key, "is beyond the histograms that one report may have");
      return std::nullopt;
    }
    return *std::move(histogram);
  }

  bool Charge(const Histogram& histogram) {
    histogram_bytes_ += histogram.slots() * sizeof(int64_t);
    return histogram_bytes_ <= kMostHistogramBytes;
  }

  void Results(const JsonObject& json) {
    if (json.Has("best")) report_.best = Index(json, "best", report_.cells.size());
    json.ForEach("ratios", [this](const JsonObject& ratio) { OneRatio(ratio); });
    report_.verdicts = json.Strings("verdicts");
    json.ForEach("notices", [this](const JsonObject& notice) { OneNotice(notice); });
    json.ForEach("tables", [this](const JsonObject& table) {
      report_.tables.push_back(
          {table.String("title"), table.Strings("columns"), table.Rows("rows")});
    });
  }

  void OneRatio(const JsonObject& json) {
    constexpr double kMost = std::numeric_limits<double>::max();
    Ratio ratio;
    ratio.base = Index(json, "base", report_.cells.size());
    ratio.other = Index(json, "other", report_.cells.size());
    const std::string metric = json.String("metric");
    if (const auto found = FindMetric(metric)) {
      ratio.metric = *found;
    } else {
      json.Fail("metric", absl::StrCat("is no metric: \"", OneLine(metric), "\""));
    }
    ratio.ratio = {json.Number("ratio", 0, kMost), json.Number("low", 0, kMost),
                   json.Number("high", 0, kMost), json.Bool("interval")};
    ratio.pairs = static_cast<int>(json.Int("pairs", 0, kMostInt));
    report_.ratios.push_back(ratio);
  }

  void OneNotice(const JsonObject& json) {
    const std::string level = json.String("level");
    const std::optional<Notice::Level> found = FindLevel(level);
    if (!found) {
      json.Fail("level",
                absl::StrCat("must be note, warning or invalid, not \"", OneLine(level), "\""));
      return;
    }
    report_.notices.push_back({*found, json.String("text"), json.Bool("found")});
  }

  Report report_;
  uint64_t histogram_bytes_ = 0;
  size_t trials_ = 0;
};

}  // namespace

absl::StatusOr<Report> ParseReport(std::string_view json) {
  if (base::JsonDepth(json) > kMostDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("the report is nested deeper than ", kMostDepth));
  }
  google::protobuf::Value value;
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), &value);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the report is no JSON: ", OneLine(std::string(parsed.message()), 200)));
  }
  absl::Status status;
  const JsonObject document(&value, "", &status);
  Report report = ReportParser().Parse(document);
  if (!status.ok()) return status;
  return report;
}

}  // namespace slipway::client
