// Any text as `--slo` and `--fail-if`, and as a schedule. Conditions that are read mean the same
// when each is read alone from the text it keeps; their values are numbers. A schedule that is
// taken keeps its limits, and its two readings, when a request arrives and how many have arrived,
// agree.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include "client/pace/schedule.h"
#include "client/report/threshold.h"
#include "tests/fuzz/fuzz.h"

namespace slipway::client {
namespace {

using fuzz::Check;
using std::chrono::nanoseconds;

bool Taken(const absl::Status& status) {
  if (status.ok()) return true;
  Check(status.code() == absl::StatusCode::kInvalidArgument && !status.message().empty(),
        "what is wrong is said");
  return false;
}

void CheckConditions(std::string_view text) {
  const auto conditions = ParseConditions(text);
  if (!Taken(conditions.status())) return;
  Check(!conditions->empty(), "there is a condition");
  for (const Condition& condition : *conditions) {
    Check(std::isfinite(condition.value) && condition.value >= 0, "values are numbers",
          condition.text);
    const auto alone = ParseCondition(condition.text);
    Check(alone.ok() && alone->quantity == condition.quantity &&
              alone->series == condition.series && alone->metric == condition.metric &&
              alone->percentile == condition.percentile && alone->op == condition.op &&
              alone->value == condition.value,
          "a condition means the same alone", condition.text);
  }
}

void CheckSchedule(std::string_view text) {
  const auto schedule = ParseSchedule(text);
  if (!Taken(schedule.status())) return;
  const nanoseconds duration = schedule->duration();
  const double arrivals = schedule->arrivals();
  Check(duration > nanoseconds(0) && duration <= Schedule::kMaxDuration, "durations are limited");
  Check(arrivals > 0 && arrivals <= Schedule::kMaxArrivals, "requests are limited");
  Check(schedule->CountBefore(nanoseconds(0)) == 0, "nothing comes before the beginning");
  nanoseconds before(0);
  int64_t count = 0;
  constexpr int kSteps = 16;
  for (int step = 0; step <= kSteps; ++step) {
    const auto at = schedule->At(std::floor(arrivals * step / (kSteps + 1)));
    Check(at && *at >= before && *at <= duration, "requests come in order and in time", text);
    const int64_t counted = schedule->CountBefore(duration / kSteps * step);
    Check(counted >= count && static_cast<double>(counted) <= arrivals + 1,
          "counts grow up to the whole", text);
    before = *at;
    count = counted;
  }
}

}  // namespace
}  // namespace slipway::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace slipway::client;
  const std::string_view text = slipway::fuzz::Text(data, size);
  CheckConditions(text);
  CheckSchedule(text);
  return 0;
}
