#pragma once

#include <string>
#include <vector>

#include "client/command/commands.h"

namespace slipway::client {

/// `reproduce`: starts the servers that lie beside this program in the modes that have been
/// compared in public, repeats those measurements on this machine, and reports the published
/// figures beside ours. Needs no network but the loopback. Blocks; called by the main thread, which
/// its servers live with.
ExitCode ReproduceCommand(const std::vector<std::string>& arguments);

}  // namespace slipway::client
