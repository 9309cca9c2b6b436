#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace slipway::client {

enum class LoadModel { kClosed, kConstant, kPoisson, kSchedule };

/// When requests are meant to start and how many may be in flight: what tells one cell of a report
/// from another.
struct LoadShape {
  LoadModel model = LoadModel::kClosed;
  /// Closed loop: in flight. Open loop: the most in flight; what is due beyond waits and is late.
  uint32_t concurrency = 1;
  uint32_t connections = 1;
  int threads = 1;
  /// Open loop at one rate: requests a second, all threads together.
  double rate = 0;
  /// Of a schedule: its text as it was given.
  std::string schedule;
  /// Poisson arrivals on a schedule.
  bool poisson = false;
  /// Open loop: late requests start at most at this multiple of the rate; 0: at once.
  double catch_up = 0;
  /// Closed loop: from the end of a request to the start of the next one in its slot.
  std::chrono::nanoseconds think{0};
  /// Think times are exponentially distributed around `think`.
  bool random_think = false;
  /// 0: no limit. One of requests and duration is above 0.
  int64_t requests = 0;
  std::chrono::nanoseconds duration{0};
  std::chrono::nanoseconds warmup{0};
  std::chrono::nanoseconds timeout{0};
  /// How long what is in flight at the end is waited for; what has not ended by then is cut off.
  std::chrono::nanoseconds drain{0};

  friend bool operator==(const LoadShape&, const LoadShape&) = default;
};

}  // namespace slipway::client
