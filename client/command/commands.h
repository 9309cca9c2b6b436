#pragma once

#include <string>
#include <vector>

namespace slipway::client {

/// What the program ends with; scripts depend on the numbers.
enum ExitCode {
  kExitOk = 0,
  /// Nothing succeeded, or the target cannot be reached.
  kExitFailed = 1,
  kExitUsage = 2,
  /// A condition of --fail-if holds.
  kExitThreshold = 3,
  /// The generator was the bottleneck, and the result is judged (--strict, --fail-if) or was
  /// searched for.
  kExitInvalid = 4,
};

/// The sub-commands: the first of `arguments` is their name. The report goes to standard output and
/// to the files of --output, everything else to standard error. Block; called by the main thread.
ExitCode RunCommand(const std::vector<std::string>& arguments);
ExitCode SweepCommand(const std::vector<std::string>& arguments);
ExitCode CompareCommand(const std::vector<std::string>& arguments);
ExitCode SearchCommand(const std::vector<std::string>& arguments);
ExitCode ScenarioCommand(const std::vector<std::string>& arguments);
ExitCode ReproduceCommand(const std::vector<std::string>& arguments);
ExitCode ReportCommand(const std::vector<std::string>& arguments);

}  // namespace slipway::client
