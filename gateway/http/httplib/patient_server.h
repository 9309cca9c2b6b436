#pragma once

#include <httplib.h>

namespace slipway::gateway {

/// cpp-httplib's server, but that a thread waits in the kernel for its connection's next request.
/// The library's own wait looks every ten milliseconds: a thousand connections that say nothing
/// would keep a core busy, and of ten thousand no more could be accepted.
class PatientServer final : public httplib::Server {
 private:
  /// Serves a connection on the calling thread, from its first request to its last.
  bool process_and_close_socket(socket_t socket) override;
};

}  // namespace slipway::gateway
