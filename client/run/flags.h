#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "client/run/load_options.h"

namespace slipway::client {

/// Declares the switches that `run` and `compare` share.
void AddLoadSwitches(base::ConfigParser& parser, LoadOptions* options);

/// `arguments` with the short switches (`-c 10`, `-c10`) in their long form.
std::vector<std::string> ExpandShortSwitches(const std::vector<std::string>& arguments);

}  // namespace slipway::client
