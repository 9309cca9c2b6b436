#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// The times that are kept of requests, a histogram each. All in nanoseconds.
enum class Series {
  kOk,            // successes: from the intended start to the end
  kFailed,        // failures, the same
  kService,       // open loop: successes from the actual start, as closed-loop tools measure
  kLag,           // open loop: from the intended to the actual start of every request
  kStreamWait,    // waits because the peer allows no more streams; requests that waited only
  kMessage,       // messages of streams: from the last one, or from what it answers
  kAcknowledged,  // answers in two steps: from the intended start to the 202
};
inline constexpr Series kAllSeries[] = {Series::kOk,          Series::kFailed,     Series::kService,
                                        Series::kLag,         Series::kStreamWait, Series::kMessage,
                                        Series::kAcknowledged};
/// `ok`, `failed`, `service`, `lag`, `stream_wait`, `message`, `acknowledged`.
std::string_view SeriesName(Series series);

/// One step of a scenario, all users together.
struct StepTally {
  Histogram ok;
  int64_t failed = 0;
};

/// What is counted of requests: latencies of successes and failures apart, answers by code,
/// failures by sort. Each thread writes one of its own; they are merged when the threads have
/// ended. Its size does not depend on the number of requests.
class Tally {
 public:
  /// Counts one request: its latency as a success or a failure, its code, its bytes. The times of
  /// the other series are the caller's to Record: only he knows the intended start.
  void Add(const Outcome& outcome, std::chrono::nanoseconds latency);
  void Record(Series series, std::chrono::nanoseconds time) {
    Writable(series).Record(time.count());
  }
  /// One step (below 1000, others are ignored) of a scenario has ended.
  void AddStep(size_t step, const Outcome& outcome, std::chrono::nanoseconds latency);
  void Merge(const Tally& other);

  int64_t ok() const { return Of(Series::kOk).count(); }
  int64_t failed() const { return Of(Series::kFailed).count(); }
  int64_t total() const { return ok() + failed(); }
  uint64_t bytes_received() const { return bytes_received_; }
  /// Empty when nothing was recorded.
  const Histogram& Of(Series series) const;
  const Histogram& ok_latency() const { return Of(Series::kOk); }
  const Histogram& failed_latency() const { return Of(Series::kFailed); }
  /// By number of the step; empty without a scenario.
  const std::vector<StepTally>& steps() const { return steps_; }

  /// Answers with this gRPC status (0 to 16) or HTTP status (100 to 999).
  int64_t grpc_count(int code) const { return grpc_[code]; }
  int64_t http_count(int status) const { return http_[status]; }
  /// Sorts in the order of their first appearance.
  const std::vector<Failure>& failures() const { return failures_; }

  /// For reports that are read again: puts back what the accessors told. Histograms of another
  /// range are converted, codes out of range ignored.
  void Restore(Series series, Histogram histogram);
  void RestoreAnswer(OutcomeKind kind, int code, int64_t count);
  void RestoreFailure(Failure failure);
  void RestoreBytes(uint64_t bytes) { bytes_received_ = bytes; }
  void RestoreSteps(std::vector<StepTally> steps) { steps_ = std::move(steps); }

 private:
  Histogram& Writable(Series series);
  void AddFailure(const Failure& failure);
  Failure* SortOf(OutcomeKind kind, int code, std::string_view message);

  // Made when first written: most runs need two of them.
  std::array<std::optional<Histogram>, std::size(kAllSeries)> series_;
  std::vector<StepTally> steps_;
  uint64_t bytes_received_ = 0;
  std::array<int64_t, 17> grpc_{};
  std::array<int64_t, 1000> http_{};
  std::vector<Failure> failures_;
};

}  // namespace slipway::client
