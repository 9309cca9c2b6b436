#pragma once

#include <optional>

#include "client/run/trial_result.h"

namespace slipway::client {

/// Which rate to try next when the highest one is looked for that meets an objective: doubling
/// until one fails, then halving the gap (geometrically), then trying the best one again. Pure:
/// knows neither time nor load. A rate that fails when it is tried again is given up for one below.
class RateSearch {
 public:
  struct Options {
    /// Requests a second, above 0.
    double from = 100;
    double to = 1'000'000;
    /// The search ends when the best rate and the lowest failing one differ by less than this
    /// share.
    double precision = 0.05;
    /// How often the best rate must be met in all.
    int confirmations = 3;
  };

  explicit RateSearch(const Options& options) : options_(options), rate_(options.from) {}

  /// The rate to try now; nothing when the search has ended.
  std::optional<double> Next() const;
  /// How the rate of Next went.
  void Report(bool met);

  /// The highest rate that was met as often as was asked for; nothing before the end and when none
  /// was.
  std::optional<double> best() const;

 private:
  void Choose();

  const Options options_;
  double rate_;
  double low_ = 0;   // the best that was met; 0: none
  double high_ = 0;  // the lowest that failed; 0: none
  int met_ = 0;      // how often low_ was
  bool ended_ = false;
};

/// Whether the target kept up with `rate` requests a second, of which `result` was measured. What
/// was offered and had not ended when the measured time did need not be late: where latencies are
/// long, rate × latency requests are in flight at any time (Little's law). So that many may be
/// missing, unless requests waited for a free slot, or latencies are those of a queue that grew all
/// the time.
bool KeptUp(const TrialResult& result, double rate);

}  // namespace slipway::client
