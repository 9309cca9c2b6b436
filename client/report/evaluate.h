#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "client/report/report.h"

namespace slipway::client {

/// The parts of Evaluate, and what forms of reports ask besides.

/// Every cell against the first target's cell under the same load, guards against the cell they
/// repeat; trials are paired by their blocks.
std::vector<Ratio> RatiosOf(const Report& report);

/// One of them again, from the same pairs of trials with another confidence.
std::optional<Estimate> RatioOf(const Report& report, const Ratio& ratio, double confidence);

/// Whether sentences speak of a ratio: those of the other metrics are numbers in tables only. In
/// the open loop the rate is given, so that it is no news that both had it.
bool IsJudged(const Report& report, const Ratio& ratio);

/// What the ratios say, as sentences; of sweeps and searches what they have found. Uses
/// `report.ratios`.
std::vector<std::string> VerdictsOf(const Report& report);

/// One load of a report, as far as the number of connections leaves them the same: the first cell
/// under it, guards excepted. In the order of their appearance.
std::vector<size_t> FirstCellsOfLoads(const Report& report);

/// The cells that a report is judged by: all but guards; of a search that has found something that
/// one, since the others are meant to find out where it ends.
std::vector<size_t> JudgedCells(const Report& report);

/// A target's cells of the closed loop that differ in their concurrency only, ascending; empty when
/// there are fewer than three: this is no sweep.
std::vector<size_t> SweepOf(const Report& report, size_t target);

/// Where a sweep's throughput stops to grow: the cell of the last concurrency that gave at least
/// 5 % more than every smaller one. Nothing when this is no sweep.
std::optional<size_t> KneeOf(const Report& report, size_t target);

/// What trials' `started` count from. Nothing when the report does not say.
std::optional<absl::Time> StartOf(const Report& report);

/// `B at 64 in flight`, shorter where the report has one target or one load; empty when it has one
/// cell.
std::string CellName(const Report& report, size_t cell);
/// The same with `target` as the name of its target.
std::string CellName(const Report& report, size_t cell, std::string_view target);

}  // namespace slipway::client
