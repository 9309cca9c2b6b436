#pragma once

#include <cstdint>
#include <string>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "absl/status/statusor.h"
#include "rpc/executor.h"

namespace slipway::client {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// `127.0.0.1:80`, `[::1]:80`.
std::string ToString(const Endpoint& endpoint);

/// A non-blocking socket that is connected to `endpoint`; the caller closes it. Blocks, at most for
/// `patience`. UNAVAILABLE names the address and the reason.
absl::StatusOr<int> ConnectNow(const Endpoint& endpoint, rpc::Duration patience);

/// The first address of `host` that accepts a connection, which is closed again: all connections of
/// a run go to one address, and a target that is not there is noticed before anything is started.
/// Blocks, at most for `patience` for each address. UNAVAILABLE names each address with its reason.
absl::StatusOr<Endpoint> FindReachable(const std::string& host, uint16_t port,
                                       rpc::Duration patience);

}  // namespace slipway::client
