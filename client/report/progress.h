#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include "client/run/trial.h"

namespace slipway::client {

/// Shows how far a trial is on standard error: a bar that is redrawn on a terminal, else a line
/// every few seconds. Used by the main thread.
class Progress {
 public:
  /// `title` stands before everything, such as `trial 3 of 10`; may be empty. `out` outlives it.
  explicit Progress(std::string title, std::FILE* out = stderr);
  /// Ends the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const TrialProgress& progress);

  /// For tests: what the bar and the plain lines show, without the title and control characters.
  static std::string BarLine(const TrialProgress& progress);
  static std::string PlainLine(const TrialProgress& progress);

 private:
  const std::string title_;
  std::FILE* const out_;
  const bool terminal_;
  bool drawn_ = false;
  std::chrono::nanoseconds last_line_{0};
};

}  // namespace slipway::client
