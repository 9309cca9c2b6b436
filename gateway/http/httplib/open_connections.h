#pragma once

namespace slipway::gateway {

/// Shuts down (`how` as for shutdown(2)) every connection of this process that was accepted on
/// `local_port`. The library does not tell which sockets it has, and a thread that waits for the
/// next request of an idle connection can be woken in no other way.
void ShutdownConnections(int local_port, int how);

}  // namespace slipway::gateway
