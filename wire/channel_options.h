#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/version.h"
#include "rpc/executor.h"
#include "wire/connection.h"
#include "wire/tls.h"

namespace slipway::wire {

/// How a Channel reaches its backend and what it allows.
struct ChannelOptions {
  /// `[grpc://|grpcs://]HOST:PORT[,HOST:PORT…]`; every address of every name is used.
  std::string target;
  /// `:authority` of the calls; empty: the target's first HOST:PORT.
  std::string authority;
  std::string user_agent = "slipway/" + std::string(base::kVersion);
  /// Connections to each address, at least 1.
  int connections_per_address = 1;
  /// Calls that wait for a connection or below the peer's MAX_CONCURRENT_STREAMS.
  size_t queue_limit = 10'000;
  /// Bytes of one received message after decompression.
  size_t max_receive_message = 4 << 20;
  /// The first retry comes within `backoff_first`, each further one after twice as long up to
  /// `backoff_max`, with jitter. While calls come in, no more than `backoff_demand` passes between
  /// two attempts, so that a backend that is back is found within a second.
  rpc::Duration backoff_first = std::chrono::milliseconds(100);
  rpc::Duration backoff_max = std::chrono::seconds(5);
  rpc::Duration backoff_demand = std::chrono::milliseconds(500);
  ConnectionOptions connection;
  TlsOptions tls;
};

}  // namespace slipway::wire
