#include "client/run/rate_search.h"

#include <algorithm>
#include <cmath>

namespace slipway::client {

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

}  // namespace slipway::client
