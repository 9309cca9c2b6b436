#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/host_port.h"

namespace slipway::base {

/// Lines on standard output that tell people and scripts where a program listens, such as
/// `  REST   http://127.0.0.1:8080`: the configured address with the port that was really taken.
/// `what` is gRPC, REST or admin. Main's thread, while it starts.
void PrintListening(std::string_view what, const HostPort& configured, int port);
void PrintListening(std::string_view what, const std::vector<HostPort>& configured,
                    const std::vector<int>& ports);

}  // namespace slipway::base
