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
  /// The generator was the bottleneck, and that was not allowed.
  kExitInvalid = 4,
};

/// The sub-commands: the first of `arguments` is their name. The report goes to standard output or
/// to --output, everything else to standard error. Block; called by the main thread.
ExitCode RunCommand(const std::vector<std::string>& arguments);
ExitCode CompareCommand(const std::vector<std::string>& arguments);

}  // namespace slipway::client
