#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "rpc/client_call.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"
#include "wire/connection.h"

namespace slipway::wire {

/// Files for `grpcs://` targets, PEM. Empty: the system's authorities; no client certificate.
struct TlsOptions {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  /// The name that the server's certificate must have; empty: the target's host.
  std::string server_name;
};

/// How a Channel reaches its backend and what it allows.
struct ChannelOptions {
  /// `[grpc://|grpcs://]HOST:PORT[,HOST:PORT…]`; every address of every name is used.
  std::string target;
  /// `:authority` of the calls; empty: the target's first HOST:PORT.
  std::string authority;
  std::string user_agent = "slipway/1.0";
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

class Balancer;

/// Calls to one backend over HTTP/2: finds its addresses, keeps connections to all of them, spreads
/// calls over those that are up, and brings back those that are down.
///
/// One for each thread, owned there; all use on the executor's thread (it may be made before the
/// executor runs). It connects at once. A call made while nothing is connected waits for the first
/// attempts and fails with UNAVAILABLE when all have failed. Calls are sent again only when the
/// peer has certainly not processed them, and once. Calls may outlive the channel: they have ended
/// then.
class Channel : public rpc::Upstream {
 public:
  /// What is wrong with `options`, the TLS files included. With wrong options every call fails.
  static absl::Status Check(const ChannelOptions& options);

  Channel(rpc::IoExecutor& executor, ChannelOptions options);
  ~Channel() override;

  std::unique_ptr<rpc::ClientCall> NewCall() override;
  rpc::Executor& executor() override;
  /// True when at least one connection is up.
  bool ready() const override;
  /// Connections that are up.
  size_t ready_connections() const;
  /// Why nothing is connected: the last failure, OK when there was none.
  absl::Status last_error() const;

  /// Ends all calls with UNAVAILABLE and closes the connections. Idempotent; the destructor does
  /// it.
  void Shutdown();

 private:
  std::shared_ptr<Balancer> balancer_;
};

}  // namespace slipway::wire
