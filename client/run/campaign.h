#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/report/report.h"
#include "client/run/plan.h"
#include "client/run/trial_result.h"

namespace slipway::client {

/// One thing that is measured several times: a target under one load.
struct Subject {
  Plan plan;
  /// The target's number in the report.
  size_t target = 0;
  /// A subject again, to see how much differs when nothing does.
  bool is_guard = false;
};

/// How a campaign calls back. All on the caller's thread.
struct CampaignHooks {
  /// Runs one trial: a plan, and for progress its number and how many there are.
  std::function<absl::StatusOr<TrialResult>(const Plan& plan, int number, int count)> run;
  /// Before each block but the first, e.g. to start servers anew; may be empty. It may give the
  /// subjects other processes.
  std::function<absl::Status(std::vector<Subject>* subjects)> before_block;
  /// When something was measured and no more can be: what has failed, or CANCELLED. The campaign
  /// then answers what there is. May be empty: a failure is the campaign's.
  std::function<void(const absl::Status& why)> ended_early;
};

struct CampaignOptions {
  /// Blocks; in each of them every subject is measured once.
  int trials = 1;
  /// Of the order in each block.
  uint64_t seed = 0;
  /// No block is started after this time; 0: no limit.
  std::chrono::nanoseconds budget{0};
};

/// Measures all subjects in blocks, in each block in a new random order: what changes on the
/// machine meanwhile hits all of them, and trials of the same block make pairs. (Abedi and Brecht,
/// ICPE 2017: randomised multiple interleaved trials.)
///
/// Answers a cell for each subject, in their order. Ends early with what there is when a trial was
/// interrupted: of its own measurement only what is the first of its cell is kept, since half a
/// trial is no pair. Likewise when a trial or the preparation of a block fails or is CANCELLED, if
/// there is a hook to hear of it. Else it fails as they do, naming the target; CANCELLED when
/// nothing was measured.
absl::StatusOr<std::vector<Cell>> RunCampaign(std::vector<Subject> subjects,
                                              const CampaignOptions& options,
                                              const CampaignHooks& hooks);

}  // namespace slipway::client
