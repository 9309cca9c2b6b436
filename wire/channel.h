#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "rpc/client_call.h"
#include "rpc/executor.h"
#include "rpc/io_executor.h"
#include "wire/channel_options.h"

namespace slipway::wire {

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
