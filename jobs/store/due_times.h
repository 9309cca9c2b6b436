#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace slipway::jobs {

/// When jobs of a kind may become leasable because time passes, so that a question for a lease need
/// not look for such before. All are lower bounds, in Unix microseconds as they are stored: what is
/// written lowers them, and a look at the tables makes them exact. They must be forgotten when a
/// look saw what was rolled back. Used on the thread of the writer.
class DueTimes {
 public:
  static constexpr int64_t kUnknown = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Kind {
    int64_t not_before_us = kUnknown;  // by the wall clock
    int64_t retry_us = kUnknown;       // by the steady one, as the next
    int64_t lease_end_us = kUnknown;
  };

  /// Of a kind that is leased, of which there are few.
  Kind& Of(const std::string& kind) { return kinds_[kind]; }
  void Forget() { kinds_.clear(); }

  // A job of the kind waits until, is tried again at, is leased until `time`.
  void Waits(const std::string& kind, absl::Time time) { Lower(kind, &Kind::not_before_us, time); }
  void Retries(const std::string& kind, absl::Time time) { Lower(kind, &Kind::retry_us, time); }
  void Leased(const std::string& kind, absl::Time time) { Lower(kind, &Kind::lease_end_us, time); }

 private:
  void Lower(const std::string& kind, int64_t Kind::*bound, absl::Time time) {
    // Of a kind that is not here nothing is known.
    const auto found = kinds_.find(kind);
    if (found == kinds_.end()) return;
    int64_t& value = found->second.*bound;
    value = std::min(value, absl::ToUnixMicros(time));
  }

  std::map<std::string, Kind> kinds_;
};

}  // namespace slipway::jobs
