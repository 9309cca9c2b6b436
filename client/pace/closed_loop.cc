#include "client/pace/closed_loop.h"

#include <algorithm>
#include <chrono>

#include "client/run/random_stream.h"

namespace slipway::client {
namespace {

/// Of random think times: one of exp(-30) of them would be longer.
constexpr double kLongestThink = 30;

}  // namespace

ClosedLoop::ClosedLoop(Window window, RequestBudget* budget, Rest rest, uint64_t seed, int thread)
    : window_(window),
      budget_(budget),
      rest_(rest),
      random_(RandomStream(seed, thread, RandomPurpose::kPacing)) {}

std::optional<Due> ClosedLoop::Next(rpc::Time free_since, rpc::Time now) {
  if (now >= window_.end) return std::nullopt;
  if (budget_ != nullptr && free_since >= window_.begin) {
    if (lot_ == 0) lot_ = budget_->Take();
    if (lot_ == 0) return std::nullopt;
    --lot_;
  }
  return Due{free_since, free_since};
}

rpc::Duration ClosedLoop::Think() {
  if (!rest_.random) return rest_.think;
  const double factor = std::min(exponential_(random_), kLongestThink);
  return std::chrono::duration_cast<rpc::Duration>(
      std::chrono::duration<double, std::nano>(static_cast<double>(rest_.think.count()) * factor));
}

}  // namespace slipway::client
