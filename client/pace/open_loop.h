#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "client/pace/pacer.h"
#include "client/pace/request_budget.h"
#include "client/pace/schedule.h"

namespace slipway::client {

/// Requests that are due at times of their own, as users come, however slow the answers are. What
/// finds no free slot waits and is late; its latency counts from when it was due.
///
/// Late requests start at once, or they follow the schedule at `catch_up` times its speed until
/// they are on time again. One for each thread, used there.
class OpenLoop : public Pacer {
 public:
  struct Options {
    /// Outlives the pacer. Begins at `begin`, the warm-up included.
    const Schedule* schedule = nullptr;
    rpc::Time begin;
    Window window;
    int thread = 0;
    int threads = 1;
    /// 0: at once; else at least 1.
    double catch_up = 0;
  };

  bool open_loop() const final { return true; }
  std::optional<Due> Next(rpc::Time free_since, rpc::Time now) final;

 protected:
  explicit OpenLoop(const Options& options) : options_(options) {}

  /// When the next request is due; nothing: there are no more. Not at the window's end or later.
  virtual std::optional<rpc::Time> Arrive() = 0;

  const Options& options() const { return options_; }
  /// From the schedule's beginning; at least 0.
  std::chrono::nanoseconds Since(rpc::Time time) const;

 private:
  const Options options_;
  /// Of the last request: when it was due and when it was to start.
  std::optional<Due> last_;
};

/// Evenly spaced: thread i of N takes the requests i, i + N, i + 2N, … of the schedule, so that all
/// threads together make exactly it.
class SpacedArrivals : public OpenLoop {
 public:
  /// `requests`: how many are measured, all threads together; 0: no limit.
  SpacedArrivals(const Options& options, int64_t requests);
  int64_t Skip(rpc::Time from, rpc::Time until) override;

 protected:
  std::optional<rpc::Time> Arrive() override;

 private:
  int64_t next_;
  int64_t end_;
};

/// A Poisson process: gaps are exponentially distributed around those of the schedule, a burst of N
/// is one of about N. Each thread has one of its own with its part of the rate; together they are
/// one with the whole rate.
class PoissonArrivals : public OpenLoop {
 public:
  /// `budget` outlives this; nullptr: no limit.
  PoissonArrivals(const Options& options, RequestBudget* budget, uint64_t seed);
  /// Drawn, as the times of the requests would have been.
  int64_t Skip(rpc::Time from, rpc::Time until) override;

 protected:
  std::optional<rpc::Time> Arrive() override;

 private:
  RequestBudget* const budget_;
  int64_t lot_ = 0;
  double mass_ = 0;
  std::mt19937_64 random_;
  std::exponential_distribution<double> exponential_;
};

}  // namespace slipway::client
