#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/config.h"
#include "client/command/commands.h"

namespace slipway::client {

/// Parses the arguments of a sub-command. Nothing when it is to go on, else what to exit with:
/// usage errors and help have been printed.
std::optional<ExitCode> ParseArguments(base::ConfigParser& parser,
                                       const std::vector<std::string>& arguments);

/// Prints what is wrong; INVALID_ARGUMENT is a matter of usage, everything else a failure.
ExitCode Complain(const absl::Status& status);

}  // namespace slipway::client
