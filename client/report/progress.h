#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>

#include "client/run/trial.h"

namespace slipway::client {

/// Shows how far a trial is on standard error: a bar that is redrawn on a terminal, else a line
/// every few seconds. Used by the main thread.
class Progress {
 public:
  /// `title` stands before everything, such as `trial 3 of 10`, which becomes `3 of 10` where there
  /// is little room; may be empty. `out` outlives it.
  explicit Progress(std::string title, std::FILE* out = stderr);
  /// Ends the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const TrialProgress& progress);

 private:
  /// How many requests had ended by when.
  struct Look {
    std::chrono::nanoseconds elapsed{0};
    int64_t finished = 0;
  };

  /// Requests a second between the two; nothing when they are too near to each other to tell.
  static std::optional<double> RateSince(const Look& look, const TrialProgress& progress);
  void Draw(const TrialProgress& progress);
  void WriteLine(const TrialProgress& progress);
  /// Requests a second of late.
  std::optional<double> RecentRate(const TrialProgress& progress);
  /// What fits in so many columns.
  std::string Fitted(const TrialProgress& progress, std::optional<double> rate, size_t columns);

  const std::string title_;
  const std::string short_title_;
  std::FILE* const out_;
  const bool terminal_;
  bool drawn_ = false;
  /// Terminal: the last looks, the eldest first. Not empty: the load begins with nothing.
  std::deque<Look> looks_{Look{}};
  /// How much the bar has given up so far to fit so many columns: it takes nothing back while they
  /// stay, or the line would jump whenever a number becomes longer or shorter.
  int given_up_ = 0;
  size_t columns_ = 0;
  Look last_line_;
};

}  // namespace slipway::client
