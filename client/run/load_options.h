#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace slipway::client {

enum class ReportFormat { kText, kJson };

/// What the switches of `run` and `compare` say.
struct LoadOptions {
  std::vector<std::string> targets;

  uint32_t concurrency = 50;
  /// 0: HTTP as many as in flight, gRPC one for each thread.
  uint32_t connections = 0;
  /// 0: no limit.
  int64_t requests = 0;
  /// 0: no limit, unless there is none of the number either.
  std::chrono::nanoseconds duration{0};
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds timeout = std::chrono::seconds(20);
  /// 0: one for each core.
  int threads = 0;

  /// Literally, or `@FILE`; one for all targets, or in their order.
  std::vector<std::string> data;
  std::string protoset;
  std::vector<std::string> proto_files;
  std::vector<std::string> import_paths;
  /// Empty: GET, or POST with data.
  std::string method;
  std::vector<std::string> headers;
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;

  /// In the order of the targets.
  std::vector<std::string> pids;
  ReportFormat format = ReportFormat::kText;
  /// Empty: standard output.
  std::string output;
  bool no_progress = false;
  /// A generator that was the bottleneck is a failure.
  bool strict = false;

  /// `compare` only.
  int trials = 5;
  /// 0: a random one.
  uint64_t seed = 0;
};

}  // namespace slipway::client
