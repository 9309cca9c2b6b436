#include "jobs/work/backoff.h"

#include <algorithm>

namespace slipway::jobs {

absl::Duration BackoffWait(const Backoff& backoff, int attempt, double random) {
  absl::Duration whole = std::min(backoff.first, backoff.most);
  // Ends at the bound, so that no number of attempts overflows.
  for (int i = 1; i < attempt && whole < backoff.most && backoff.factor > 1; ++i) {
    whole = std::min(whole * backoff.factor, backoff.most);
  }
  return whole / 2 + whole / 2 * std::clamp(random, 0.0, 1.0);
}

}  // namespace slipway::jobs
