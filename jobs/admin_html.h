#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "jobs/store/job.h"

namespace slipway::jobs {

/// What the operators' page shows.
struct JobOverview {
  struct Kind {
    std::map<JobState, int64_t> counts;
    std::optional<absl::Time> oldest_waiting;
  };
  absl::Time now;
  absl::Status health;
  std::map<std::string, Kind> kinds;
  std::vector<JobRow> newest;
};

/// One document that needs nothing else: no script, no file from elsewhere; it asks for itself
/// again every five seconds.
std::string ToHtml(const JobOverview& overview);

/// `text` where HTML expects text or a quoted attribute; bytes that are no UTF-8, and control
/// characters, as `\xNN`.
std::string EscapeHtml(std::string_view text);

/// `now - then` for people, in one unit: `4.2 s`, `12 min`, `3 h`, `5 d`.
std::string Age(absl::Duration age);

}  // namespace slipway::jobs
