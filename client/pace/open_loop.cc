#include "client/pace/open_loop.h"

#include <algorithm>
#include <chrono>

#include "client/run/random_stream.h"

namespace slipway::client {

std::optional<Due> OpenLoop::Next(rpc::Time, rpc::Time now) {
  const std::optional<rpc::Time> intended = Arrive();
  if (!intended) return std::nullopt;
  Due due{*intended, *intended};
  if (options_.catch_up > 0 && last_) {
    const double speed = std::max(1.0, options_.catch_up);
    const std::chrono::duration<double, std::nano> gap = due.intended - last_->intended;
    due.start =
        std::max(due.start, last_->start + std::chrono::duration_cast<rpc::Duration>(gap / speed));
  }
  last_ = Due{due.intended, std::max(due.start, now)};
  return due;
}

std::chrono::nanoseconds OpenLoop::Since(rpc::Time time) const {
  if (time == rpc::Time::max()) return std::chrono::nanoseconds::max();
  return std::max(std::chrono::nanoseconds(time - options_.begin), std::chrono::nanoseconds(0));
}

SpacedArrivals::SpacedArrivals(const Options& options, int64_t requests)
    : OpenLoop(options),
      next_(options.thread),
      end_(options.schedule->CountBefore(Since(options.window.end))) {
  if (requests == 0) return;
  end_ = std::min(end_, options.schedule->CountBefore(Since(options.window.begin)) + requests);
}

std::optional<rpc::Time> SpacedArrivals::Arrive() {
  if (next_ >= end_) return std::nullopt;
  const auto at = options().schedule->At(static_cast<double>(next_));
  if (!at) return std::nullopt;
  next_ += options().threads;
  return options().begin + *at;
}

int64_t SpacedArrivals::Skip(rpc::Time from, rpc::Time until) {
  const int64_t threads = options().threads;
  const int64_t end = std::min(end_, options().schedule->CountBefore(Since(until)));
  // The first of this thread's numbers that is not below `from`.
  const int64_t lag = options().schedule->CountBefore(Since(from)) - next_;
  const int64_t first = next_ + (lag <= 0 ? 0 : (lag + threads - 1) / threads * threads);
  return first >= end ? 0 : (end - first + threads - 1) / threads;
}

PoissonArrivals::PoissonArrivals(const Options& options, RequestBudget* budget, uint64_t seed)
    : OpenLoop(options),
      budget_(budget),
      random_(RandomStream(seed, options.thread, RandomPurpose::kPacing)) {}

std::optional<rpc::Time> PoissonArrivals::Arrive() {
  mass_ += exponential_(random_) * options().threads;
  const auto at = options().schedule->At(mass_);
  if (!at) return std::nullopt;
  const rpc::Time due = options().begin + *at;
  if (due >= options().window.end) return std::nullopt;
  if (budget_ != nullptr && due >= options().window.begin) {
    if (lot_ == 0) lot_ = budget_->Take();
    if (lot_ == 0) return std::nullopt;
    --lot_;
  }
  return due;
}

int64_t PoissonArrivals::Skip(rpc::Time from, rpc::Time until) {
  const Schedule& schedule = *options().schedule;
  const double begin = std::max(mass_, schedule.MassBefore(Since(from)));
  const double end = schedule.MassBefore(Since(std::min(until, options().window.end)));
  if (begin >= end) return 0;
  const double mean = std::min(end - begin, Schedule::kMaxArrivals) / options().threads;
  const int64_t skipped = std::poisson_distribution<int64_t>(mean)(random_);
  if (budget_ == nullptr) return skipped;
  const int64_t of_lot = std::min(lot_, skipped);
  lot_ -= of_lot;
  return of_lot + budget_->Take(skipped - of_lot);
}

}  // namespace slipway::client
