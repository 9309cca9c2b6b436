#pragma once

#include <optional>

namespace slipway::client {

/// Which rate to try next when the highest one is looked for that meets an objective: doubling until
/// one fails, then halving the gap (geometrically), then trying the best one again. Pure: knows
/// neither time nor load. A rate that fails when it is tried again is given up for one below.
class RateSearch {
 public:
  struct Options {
    /// Requests a second, above 0.
    double from = 100;
    double to = 1'000'000;
    /// The search ends when the best rate and the lowest failing one differ by less than this share.
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

}  // namespace slipway::client
