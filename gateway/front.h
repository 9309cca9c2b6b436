#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/host_port.h"
#include "base/line_file.h"
#include "base/metrics.h"
#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/http/access_log.h"
#include "gateway/http/engine.h"
#include "rpc/client_call.h"
#include "rpc/io_executor.h"

namespace slipway::gateway {

/// Everything between a listening socket and the upstream: engine, gateway, access log. What a
/// program starts to serve REST: slipway-gateway with a channel for each thread, slipway-server
/// with its own Dispatcher. Owned by main, used on its thread.
class Front {
 public:
  struct Options {
    std::vector<base::HostPort> listen;
    int threads = 1;
    HttpConfig http;
    RestConfig rest;
    bool unbound_methods = false;
  };
  /// Makes one thread's way to the backend.
  using UpstreamFactory = std::function<std::unique_ptr<rpc::Upstream>(rpc::IoExecutor&)>;
  /// The same without sockets: into this process.
  using LocalUpstreamFactory = std::function<std::unique_ptr<rpc::Upstream>(rpc::Executor&)>;

  /// Listens and serves; until gateway().Publish everything is answered with 503. `metrics`
  /// outlives the front. Fails when an address or the access log cannot be opened, and names it.
  static absl::StatusOr<std::unique_ptr<Front>> Start(Options options, base::Metrics& metrics,
                                                      UpstreamFactory upstreams);
  /// As Start; with the httplib engine no worker needs a descriptor for itself.
  static absl::StatusOr<std::unique_ptr<Front>> StartLocal(Options options, base::Metrics& metrics,
                                                           LocalUpstreamFactory upstreams);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  Gateway& gateway() { return gateway_; }
  std::vector<int> ports() const { return engine_->ports(); }
  /// Stops listening and lets the requests in flight end, for as long as the options allow.
  void Drain();

 private:
  /// Without an engine.
  static absl::StatusOr<std::unique_ptr<Front>> Open(const Options& options,
                                                     base::Metrics& metrics);
  Front(const Options& options, std::unique_ptr<base::LineFile> access_file,
        base::Metrics& metrics);

  const absl::Duration drain_grace_;
  Gateway gateway_;
  std::unique_ptr<base::LineFile> access_file_;  // null: no access log
  AccessLog access_log_;
  std::unique_ptr<HttpEngine> engine_;  // last: its threads use all of the above
};

}  // namespace slipway::gateway
