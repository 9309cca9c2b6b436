#include "client/run/rate_search.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace slipway::client {
namespace {

/// Less than this share of what was offered is not kept up with.
constexpr double kKeptUp = 0.98;
/// Nanoseconds. Requests that start later than this have waited for a slot.
constexpr int64_t kLate = 10'000'000;
/// A queue that grows from nothing makes all latencies between none and its full length alike
/// frequent, so that their mean is fifty times their first percentile. Those of a server that keeps
/// up have a least: what it does for each.
constexpr double kMostSpread = 10;

/// How many requests may be in flight at a time without any of them being late.
double InFlight(const TrialResult& result, double rate) {
  if (result.tally.Of(Series::kLag).ValueAt(90) > kLate) return 0;
  const Histogram& service = result.tally.Of(Series::kService);
  const Histogram& latency = service.count() > 0 ? service : result.tally.ok_latency();
  const double mean =
      std::min(latency.mean(), kMostSpread * static_cast<double>(latency.ValueAt(1)));
  const double expected = rate * mean / 1e9;
  return expected + 3 * std::sqrt(expected);  // as far as random arrivals deviate from it
}

}  // namespace

std::optional<double> RateSearch::Next() const {
  return ended_ ? std::nullopt : std::optional(rate_);
}

void RateSearch::Report(bool met) {
  if (met) {
    met_ = rate_ == low_ ? met_ + 1 : 1;
    low_ = rate_;
  } else {
    high_ = high_ == 0 ? rate_ : std::min(high_, rate_);
    if (rate_ == low_) {  // it was met before, by luck
      low_ = 0;
      met_ = 0;
    }
  }
  Choose();
}

void RateSearch::Choose() {
  if (low_ == 0) {
    // Nothing is known to be met: go down, but not below all sense.
    rate_ = high_ * (1 - options_.precision);
    if (high_ <= options_.from) ended_ = true;
    rate_ = std::max(rate_, options_.from);
    return;
  }
  if (high_ == 0 && low_ < options_.to) {
    rate_ = std::min(low_ * 2, options_.to);
    return;
  }
  if (high_ > low_ * (1 + options_.precision)) {
    rate_ = std::sqrt(low_ * high_);
    return;
  }
  rate_ = low_;
  ended_ = met_ >= options_.confirmations;
}

std::optional<double> RateSearch::best() const {
  return ended_ && low_ > 0 ? std::optional(low_) : std::nullopt;
}

bool KeptUp(const TrialResult& result, double rate) {
  const double wanted = kKeptUp * static_cast<double>(result.offered);
  const auto finished = static_cast<double>(result.window.finished);
  if (finished >= wanted) return true;
  // What never ended was in flight, too, but not because that is how long a request takes.
  return finished + InFlight(result, rate) - static_cast<double>(result.cut_off) >= wanted;
}

}  // namespace slipway::client
