#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/version.h"
#include "client/report/run_report.h"
#include "rpc/status.h"

namespace slipway::client {
namespace {

double Milliseconds(double ns) { return ns / 1e6; }

void WriteLatency(const Histogram& latency, JsonWriter* json) {
  json->BeginObject();
  json->Key("count").Int(latency.count());
  json->Key("min").Number(Milliseconds(static_cast<double>(latency.min())));
  json->Key("mean").Number(Milliseconds(latency.mean()));
  for (const double percentile : kPercentiles) {
    json->Key(absl::StrFormat("p%g", percentile))
        .Number(Milliseconds(static_cast<double>(latency.ValueAt(percentile))));
  }
  json->Key("max").Number(Milliseconds(static_cast<double>(latency.max())));
  json->EndObject();
}

void WriteAnswers(const Tally& tally, JsonWriter* json) {
  json->BeginObject();
  for (int code = 0; code <= 16; ++code) {
    if (tally.grpc_count(code) == 0) continue;
    json->Key(SortName(OutcomeKind::kGrpcStatus, code)).Int(tally.grpc_count(code));
  }
  for (int status = 0; status < 1000; ++status) {
    if (tally.http_count(status) > 0) json->Key(absl::StrCat(status)).Int(tally.http_count(status));
  }
  json->EndObject();
}

void WriteFailures(const Tally& tally, JsonWriter* json) {
  json->BeginArray();
  for (const Failure& failure : tally.failures()) {
    json->BeginObject();
    json->Key("sort").String(SortName(failure.kind, failure.code));
    json->Key("count").Int(failure.count);
    json->Key("first_message").String(failure.message);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

void WritePlan(const Plan& plan, JsonWriter* json) {
  const auto seconds = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  json->BeginObject();
  json->Key("url").String(plan.target.url);
  json->Key("protocol").String(plan.target.protocol == Protocol::kGrpc ? "grpc" : "http/1.1");
  if (!plan.http_method.empty()) json->Key("method").String(plan.http_method);
  json->Key("address").String(ToString(plan.endpoint));
  json->Key("concurrency").Int(plan.concurrency);
  json->Key("connections").Int(plan.connections);
  json->Key("threads").Int(plan.threads);
  if (plan.requests > 0) json->Key("requests").Int(plan.requests);
  if (plan.duration.count() > 0) json->Key("duration_s").Number(seconds(plan.duration));
  json->Key("warmup_s").Number(seconds(plan.warmup));
  json->Key("timeout_s").Number(seconds(plan.timeout));
  if (plan.server_pid) json->Key("server_pid").Int(*plan.server_pid);
  json->EndObject();
}

void WriteResult(const TrialResult& result, JsonWriter* json) {
  const Tally& tally = result.tally;
  json->BeginObject();
  json->Key("total").Int(tally.total());
  json->Key("ok").Int(tally.ok());
  json->Key("failed").Int(tally.failed());
  json->Key("cancelled_at_end").Int(result.abandoned);
  json->Key("elapsed_s").Number(std::chrono::duration<double>(result.elapsed).count());
  json->Key("throughput_per_s").Number(result.throughput());
  json->Key("bytes_received").Int(static_cast<int64_t>(result.window.bytes_received));
  json->Key("latency_ms").BeginObject();
  json->Key("ok");
  WriteLatency(tally.ok_latency(), json);
  json->Key("failed");
  WriteLatency(tally.failed_latency(), json);
  json->EndObject();
  json->Key("cpu").BeginObject();
  json->Key("generator_us_per_request").Number(result.generator_cpu_us());
  json->Key("generator_share").Number(result.generator_share());
  json->Key("generator_waited_share").Number(result.waited_share());
  if (const std::optional<double> server = result.server_cpu_us()) {
    json->Key("server_us_per_request").Number(*server);
  }
  json->EndObject();
  json->Key("answers");
  WriteAnswers(tally, json);
  json->Key("failures");
  WriteFailures(tally, json);
  json->Key("interrupted").Bool(result.interrupted);
  json->Key("warnings").BeginArray();
  for (const std::string& warning : Warnings(result)) json->String(warning);
  json->EndArray();
  json->EndObject();
}

std::string JsonRunReport(const Plan& plan, const TrialResult& result) {
  JsonWriter json;
  json.BeginObject();
  json.Key("program").String(absl::StrCat("slipway-load ", std::string(base::kVersion)));
  json.Key("command").String("run");
  json.Key("target");
  WritePlan(plan, &json);
  json.Key("result");
  WriteResult(result, &json);
  json.EndObject();
  return json.text();
}

}  // namespace slipway::client
