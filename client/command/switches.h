#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/config.h"
#include "client/run/load_options.h"

namespace slipway::client {

/// Declares the switches of all commands that load something: how much, how fast, with which
/// engine, and what becomes of the report.
void AddLoadSwitches(base::ConfigParser& parser, LoadOptions* options);
/// Declares the switches that say what one request is; a scenario's file says that itself.
void AddRequestSwitches(base::ConfigParser& parser, LoadOptions* options);
/// Declares the switches that say what becomes of a report; AddLoadSwitches has them too.
void AddReportSwitches(base::ConfigParser& parser, LoadOptions* options);

/// A trial of compare, sweep and search where nothing else is said.
inline constexpr std::chrono::seconds kDefaultTrial(3);
inline constexpr std::chrono::milliseconds kDefaultWarmup(500);

/// Declares the switches of commands that repeat their trials: --trials with this limit and help,
/// --budget, --restart.
void AddTrialSwitches(base::ConfigParser& parser, int most_trials, const std::string& trials_help,
                      TrialOptions* options);

/// `arguments` with the short switches (`-c 10`, `-c10`) in their long form.
std::vector<std::string> ExpandShortSwitches(const std::vector<std::string>& arguments);

}  // namespace slipway::client
