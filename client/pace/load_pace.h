#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "client/pace/pacer.h"
#include "client/pace/request_budget.h"
#include "client/pace/schedule.h"
#include "client/run/load_shape.h"

namespace slipway::client {

/// What the pacers of one run share: the schedule and the number of requests. Made by the trial,
/// outlives its pacers; any thread.
///
/// The warm-up of an open loop goes on at the rate that the schedule begins with; the schedule
/// itself begins with the measured time.
class LoadPace {
 public:
  /// INVALID_ARGUMENT says what is wrong with the schedule.
  static absl::StatusOr<std::unique_ptr<LoadPace>> Make(const LoadShape& load, uint64_t seed);

  bool open_loop() const { return schedule_.has_value(); }
  /// How long is measured: the duration asked for, or the schedule's if that is shorter. Nothing:
  /// until all requests have ended.
  std::optional<std::chrono::nanoseconds> duration() const { return duration_; }
  /// When a load has lasted as long as its rate says whose last request was due at `due`: evenly
  /// spaced, the gap after it belongs to it, so that N requests at a rate R take N/R. Not after the
  /// end of the schedule. Of a closed loop `due` itself.
  rpc::Time EndAfter(const Window& window, rpc::Time due) const;
  /// Thread `thread`'s, on that thread.
  std::unique_ptr<Pacer> MakePacer(const Window& window, int thread);

 private:
  LoadPace(const LoadShape& load, uint64_t seed, std::optional<Schedule> schedule);

  bool poisson() const { return load_.poisson || load_.model == LoadModel::kPoisson; }

  const LoadShape load_;
  const uint64_t seed_;
  std::optional<Schedule> schedule_;
  std::optional<std::chrono::nanoseconds> duration_;
  std::optional<RequestBudget> budget_;
};

}  // namespace slipway::client
