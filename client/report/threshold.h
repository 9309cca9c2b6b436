#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/measure/tally.h"
#include "client/report/report.h"

namespace slipway::client {

/// What a user demands of a report, such as `p99>5ms` or `ratio(p99)>1.05`. A value.
struct Condition {
  enum class Quantity {
    kPercentile,  // of `series`, nanoseconds
    kMean,
    kMax,
    kErrors,  // share of all requests; those that were cut off have failed
    kCutOff,  // requests
    kMetric,  // of a cell: throughput a second, CPU in microseconds a request
    kRatio,   // of `metric`, to the first target
  };
  enum class Operator { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

  /// As it was given.
  std::string text;
  /// The quantity as it was given: `p99`.
  std::string name;
  Quantity quantity = Quantity::kPercentile;
  Series series = Series::kOk;
  double percentile = 0;
  Metric metric = Metric::kThroughput;
  Operator op = Operator::kLess;
  /// In the quantity's unit above.
  double value = 0;
  /// As it was given, with its unit: `5ms`.
  std::string value_text;
};

/// `METRIC OP VALUE[UNIT]`, blanks do not matter.
///
/// METRIC: `p50` … `p99.99` (any percentile), `mean`, `max`, all of them also as `lag_p99`,
/// `service_…`, `message_…`, `acknowledged_…`, `stream_wait_…`; `errors`; `cut_off`; `throughput`
/// or `rate`; `server_cpu`, `generator_cpu`, `machine_cpu`; `ratio(METRIC)` of what reports
/// compare. Among `errors` are requests that had not ended when the drain did, or a server that
/// hangs would have none. OP: `<`, `<=`, `>`, `>=`. UNIT: of times ns, us, µs, ms or s (CPU: us
/// when none); of errors % or none; of throughput /s or none.
///
/// INVALID_ARGUMENT says what is wrong and what is allowed.
absl::StatusOr<Condition> ParseCondition(std::string_view text);
/// Several, with commas between them: `p99<10ms,errors<0.1%`. At least one.
absl::StatusOr<std::vector<Condition>> ParseConditions(std::string_view text);

/// What came of a condition.
struct Finding {
  bool holds = false;
  /// With the value that was found: `p99 is 7.20 ms, which is > 5ms`.
  std::string text;
};

/// Whether `condition` holds for any cell that the report is judged by (JudgedCells). A ratio must
/// be sure: the bound of its interval that is nearer to the value counts. FAILED_PRECONDITION when
/// it was not measured, or stands on too few samples or pairs: that is no pass.
absl::StatusOr<Finding> Judge(const Condition& condition, const Report& report);

}  // namespace slipway::client
