#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "client/pace/pacer.h"
#include "client/pace/request_budget.h"

namespace slipway::client {

/// A fixed number in flight: each request starts when its slot is free and has rested, until the
/// end of time or of the budget. What starts before the window is warm-up and does not use the
/// budget. One for each thread, used there.
class ClosedLoop : public Pacer {
 public:
  /// How long slots rest between two requests.
  struct Rest {
    rpc::Duration think{0};
    /// Exponentially distributed around `think`.
    bool random = false;
  };

  /// `budget` outlives this; nullptr: no limit.
  ClosedLoop(Window window, RequestBudget* budget) : ClosedLoop(window, budget, Rest{}, 0, 0) {}
  ClosedLoop(Window window, RequestBudget* budget, Rest rest, uint64_t seed, int thread);

  bool open_loop() const override { return false; }
  std::optional<Due> Next(rpc::Time free_since, rpc::Time now) override;
  rpc::Duration Think() override;

 private:
  const Window window_;
  RequestBudget* const budget_;
  const Rest rest_;
  int64_t lot_ = 0;
  std::mt19937_64 random_;
  std::exponential_distribution<double> exponential_;
};

}  // namespace slipway::client
