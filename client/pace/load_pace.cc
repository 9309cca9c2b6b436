#include "client/pace/load_pace.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "client/pace/closed_loop.h"
#include "client/pace/open_loop.h"

namespace slipway::client {

absl::StatusOr<std::unique_ptr<LoadPace>> LoadPace::Make(const LoadShape& load, uint64_t seed) {
  std::optional<Schedule> schedule;
  if (load.model == LoadModel::kSchedule) {
    SLIPWAY_ASSIGN_OR_RETURN(schedule, ParseSchedule(load.schedule));
  } else if (load.model != LoadModel::kClosed) {
    schedule = Schedule::Constant(load.rate, std::nullopt);
  }
  return std::unique_ptr<LoadPace>(new LoadPace(load, seed, std::move(schedule)));
}

LoadPace::LoadPace(const LoadShape& load, uint64_t seed, std::optional<Schedule> schedule)
    : load_(load), seed_(seed), schedule_(std::move(schedule)) {
  if (load_.duration.count() > 0) duration_ = load_.duration;
  if (load_.model == LoadModel::kSchedule) {
    duration_ = std::min(duration_.value_or(schedule_->duration()), schedule_->duration());
  }
  if (schedule_) schedule_ = schedule_->WithWarmUp(load_.warmup);
  if (load_.requests > 0) budget_.emplace(load_.requests, load_.threads);
}

rpc::Time LoadPace::EndAfter(const Window& window, rpc::Time due) const {
  // A Poisson process begins with a gap, and the mean of the last arrival is N/R by itself.
  if (!schedule_ || poisson()) return due;
  const rpc::Time begin = window.begin - load_.warmup;
  const auto number = static_cast<double>(schedule_->CountBefore(due - begin));
  const auto next = schedule_->At(number + 1);
  return next ? begin + *next : window.end;
}

std::unique_ptr<Pacer> LoadPace::MakePacer(const Window& window, int thread) {
  RequestBudget* const budget = budget_ ? &*budget_ : nullptr;
  if (!schedule_) {
    const ClosedLoop::Rest rest{load_.think, load_.random_think};
    return std::make_unique<ClosedLoop>(window, budget, rest, seed_, thread);
  }
  OpenLoop::Options options;
  options.schedule = &*schedule_;
  options.begin = window.begin - load_.warmup;
  options.window = window;
  options.thread = thread;
  options.threads = load_.threads;
  options.catch_up = load_.catch_up;
  if (poisson()) {
    return std::make_unique<PoissonArrivals>(options, budget, seed_);
  }
  return std::make_unique<SpacedArrivals>(options, load_.requests);
}

}  // namespace slipway::client
