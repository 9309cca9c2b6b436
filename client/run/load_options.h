#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace slipway::client {

enum class ReportFormat { kText, kJson, kCsv, kHtml, kHgrm, kHlog };
enum class EngineChoice { kNative, kGrpcpp };
enum class HttpVersion { kAuto, k1, k2 };
enum class Arrivals { kConstant, kPoisson };

/// What the switches that all loading commands share say.
struct LoadOptions {
  std::vector<std::string> targets;

  // --- the load
  /// 0: 50 in the closed loop, 1,000 in the open one.
  uint32_t concurrency = 0;
  /// 0: HTTP/1.1 as many as in flight, HTTP/2 and gRPC one for each thread.
  uint32_t connections = 0;
  /// 0: no limit.
  int64_t requests = 0;
  /// 0: no limit, unless there is none of the number either.
  std::chrono::nanoseconds duration{0};
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds timeout = std::chrono::seconds(20);
  /// 0: as long as the timeout.
  std::chrono::nanoseconds drain{0};
  /// 0: one for each core.
  int threads = 0;
  /// Requests a second, all together; 0: the closed loop, or `schedule`.
  double rate = 0;
  Arrivals arrivals = Arrivals::kConstant;
  std::string schedule;
  double catch_up = 0;
  std::chrono::nanoseconds think{0};
  bool random_think = false;

  // --- the engine
  EngineChoice engine = EngineChoice::kNative;
  HttpVersion http = HttpVersion::kAuto;
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_server_name;
  bool tls_insecure = false;

  // --- what is sent and what is expected
  /// Literally, or `@FILE`; one for all targets, or in their order.
  std::vector<std::string> data;
  /// Columns for templates: CSV with a header line, or a JSON object a line.
  std::string csv;
  std::string jsonl;
  std::string protoset;
  std::vector<std::string> proto_files;
  std::vector<std::string> import_paths;
  /// Empty: GET, or POST with data.
  std::string method;
  std::vector<std::string> headers;
  /// Messages of a stream that the client sends: the data over and over.
  int64_t messages = 1;
  /// HTTP: a 202 is followed to its result.
  bool follow = false;
  /// `status=200`, `json:a.b=VALUE`, `sha256=HEX`.
  std::vector<std::string> expect;

  // --- the servers
  /// In the order of the targets.
  std::vector<std::string> pids;
  /// Commands that start them, in the order of the targets; '' for none.
  std::vector<std::string> start;
  /// Names for the report, in the order of the targets.
  std::vector<std::string> names;

  // --- the report
  ReportFormat format = ReportFormat::kText;
  /// Files, their form by their ending.
  std::vector<std::string> outputs;
  std::vector<std::string> fail_if;
  bool no_progress = false;
  /// A generator that was the bottleneck is a failure.
  bool strict = false;

  /// Of random values and of the order of trials; 0: a random one.
  uint64_t seed = 0;
};

/// How commands that repeat their trials do it.
struct TrialOptions {
  int trials = 1;
  /// 0: no limit.
  std::chrono::nanoseconds budget{0};
  /// The servers of --start are started anew before each block.
  bool restart = false;
};

}  // namespace slipway::client
