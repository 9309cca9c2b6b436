#pragma once

#include <optional>

#include "client/pace/pacer.h"
#include "client/pace/request_budget.h"

namespace slipway::client {

/// A fixed number in flight: each request starts when its slot becomes free, until the end of time
/// or of the budget. What starts before `measured_from` is warm-up and does not use the budget.
class ClosedLoop : public Pacer {
 public:
  /// `budget` outlives this; nullptr: no limit.
  ClosedLoop(rpc::Time measured_from, rpc::Time end, RequestBudget* budget)
      : measured_from_(measured_from), end_(end), budget_(budget) {}

  std::optional<rpc::Time> Next(rpc::Time now) override {
    if (now >= end_) return std::nullopt;
    if (budget_ != nullptr && now >= measured_from_) {
      if (lot_ == 0) lot_ = budget_->Take();
      if (lot_ == 0) return std::nullopt;
      --lot_;
    }
    return now;
  }

 private:
  const rpc::Time measured_from_;
  const rpc::Time end_;
  RequestBudget* const budget_;
  int64_t lot_ = 0;
};

}  // namespace slipway::client
