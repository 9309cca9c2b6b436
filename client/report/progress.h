#pragma once

#include <cstdio>
#include <string>

#include "client/run/trial.h"

namespace slipway::client {

/// Shows how far a trial is on standard error: a bar that is redrawn on a terminal, else a line
/// every few seconds. Used by the main thread.
class Progress {
 public:
  /// `title` stands before everything, such as `trial 3/10`; may be empty.
  explicit Progress(std::string title);
  /// Ends the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const TrialProgress& progress);

  /// For tests: what the bar shows, without the control characters.
  static std::string BarLine(const TrialProgress& progress);

 private:
  const std::string title_;
  const bool terminal_;
  bool drawn_ = false;
  std::chrono::nanoseconds last_line_{0};
};

}  // namespace slipway::client
