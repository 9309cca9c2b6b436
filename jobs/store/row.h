#pragma once

#include "jobs/store/job.h"
#include "jobs/store/sqlite.h"

namespace slipway::jobs {

/// The columns of the table `jobs` that ReadJobRow reads, for SELECT and RETURNING.
#define SLIPWAY_JOB_COLUMNS                                                               \
  "seq, id, kind, state, attempt, max_attempts, progress, wake_us, wake_clock, "          \
  "correlation_id, owner, create_us, ready_us, start_us, end_us, expire_us, error_code, " \
  "error_message, error_details"
/// How many these are: the number of the column behind them.
inline constexpr int kJobColumns = 19;
/// The numbers of some of them.
inline constexpr int kSeqColumn = 0;
inline constexpr int kKindColumn = 2;
inline constexpr int kStateColumn = 3;
inline constexpr int kOwnerColumn = 10;
inline constexpr int kExpireColumn = 15;

/// The row that `query`, which begins with SLIPWAY_JOB_COLUMNS, stands on.
JobRow ReadJobRow(const Query& query);

}  // namespace slipway::jobs
