#pragma once

namespace slipway::client {

/// The second SIGINT or SIGTERM ends the process where it stands: says so on standard error, since
/// no report will follow, and exits with 130. May be called in a signal handler.
[[noreturn]] void EndAtOnce();

}  // namespace slipway::client
