#pragma once

#include <string>
#include <vector>

#include "client/measure/tally.h"
#include "client/report/json_writer.h"
#include "client/run/plan.h"
#include "client/run/trial.h"

namespace slipway::client {

/// The percentiles that every report shows.
inline constexpr double kPercentiles[] = {50, 75, 90, 95, 99, 99.9};

/// From this share of the time on the generator's own waiting for a core says more about the
/// machine than latencies say about the target.
inline constexpr double kMuchWaiting = 0.25;

/// `200`, `NOT_FOUND`, `timeout`, `connect`, `broken`.
std::string SortName(OutcomeKind kind, int code);
/// What makes the result doubtful, one sentence each.
std::vector<std::string> Warnings(const TrialResult& result);
/// `GET http://…`; of gRPC the URL.
std::string TargetLine(const Plan& plan);

/// The report of one run for people: a few aligned blocks.
std::string TextRunReport(const Plan& plan, const TrialResult& result);
/// The same for programs; latencies in milliseconds, CPU in microseconds.
std::string JsonRunReport(const Plan& plan, const TrialResult& result);

/// Parts of JSON reports: what was run, and what came of it.
void WritePlan(const Plan& plan, JsonWriter* json);
void WriteResult(const TrialResult& result, JsonWriter* json);

}  // namespace slipway::client
