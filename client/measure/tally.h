#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "client/measure/histogram.h"
#include "client/measure/outcome.h"

namespace slipway::client {

/// One sort of failure: how often, and what the first one said.
struct Failure {
  OutcomeKind kind;
  int code;
  int64_t count = 0;
  std::string message;
};

/// What is counted of requests: latencies of successes and failures apart, answers by code,
/// failures by sort. Each thread writes one of its own; they are merged when the threads have
/// ended.
class Tally {
 public:
  void Add(const Outcome& outcome, std::chrono::nanoseconds latency);
  void Merge(const Tally& other);

  int64_t ok() const { return ok_.count(); }
  int64_t failed() const { return failed_.count(); }
  int64_t total() const { return ok() + failed(); }
  uint64_t bytes_received() const { return bytes_received_; }
  /// Nanoseconds from the intended start to the end.
  const Histogram& ok_latency() const { return ok_; }
  const Histogram& failed_latency() const { return failed_; }

  /// Answers with this gRPC status (0 to 16) or HTTP status (100 to 999).
  int64_t grpc_count(int code) const { return grpc_[code]; }
  int64_t http_count(int status) const { return http_[status]; }
  /// Sorts in the order of their first appearance.
  const std::vector<Failure>& failures() const { return failures_; }

 private:
  void AddFailure(const Outcome& outcome, int64_t count);

  Histogram ok_;
  Histogram failed_;
  uint64_t bytes_received_ = 0;
  std::array<int64_t, 17> grpc_{};
  std::array<int64_t, 1000> http_{};
  std::vector<Failure> failures_;
};

}  // namespace slipway::client
