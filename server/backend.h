#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/admin.h"
#include "base/metrics.h"
#include "rpc/dispatcher.h"
#include "server/blocking/blocking_pool.h"
#include "server/config.h"
#include "server/grpc/grpc_server.h"
#include "server/service/call_log.h"
#include "server/service/health.h"

namespace slipway::jobs {
class JobEngine;
}  // namespace slipway::jobs

namespace slipway::server {

/// The whole backend: directory, jobs, services, and gRPC in front of them. Made, drained and
/// destroyed by main. REST in the same process calls through dispatcher(); whoever does has
/// drained before Drain; handlers it has cancelled may still be ending, on its executors, until
/// Drain returns.
class Backend {
 public:
  /// Opens the store and serves. Errors name the address or directory that is at fault.
  static absl::StatusOr<std::unique_ptr<Backend>> Start(const ServerConfig& config,
                                                        base::Metrics& metrics);
  ~Backend();

  /// Tells operators: readiness from now on, and pages. `admin` is stopped before the backend goes.
  void Serve(base::AdminServer& admin);

  int port() const { return grpc_->port(); }
  /// Full names of the services, in the order in which they were registered.
  const std::vector<std::string>& services() const { return services_; }
  /// For calls in this process, as --threading says.
  std::shared_ptr<const rpc::Dispatcher> dispatcher() const { return dispatcher_; }
  /// For calls in this process from threads that may be blocked: handlers run where they are
  /// called.
  std::shared_ptr<const rpc::Dispatcher> direct_dispatcher() const { return direct_; }

  /// OK while it serves; why not otherwise. Any thread.
  absl::Status Ready() const;
  /// From now on Ready and the health service say no; everything is still served. The first step of
  /// a stop: the grace begins here.
  void SetNotReady();
  /// Running jobs end or are given back, calls in flight end within what is left of the grace, then
  /// the threads are joined and the store is closed. Once.
  void Drain();

 private:
  Backend() = default;
  absl::Status OpenJobs(const ServerConfig& config, base::Metrics& metrics);
  rpc::Duration GraceLeft() const;

  rpc::Duration grace_{};
  rpc::Time drain_until_ = rpc::Time::max();  // set by SetNotReady
  std::vector<std::string> services_;
  std::shared_ptr<Health> health_;
  std::unique_ptr<jobs::JobEngine> jobs_;
  std::unique_ptr<CallLog> call_log_;
  std::shared_ptr<const rpc::Dispatcher> direct_;
  std::unique_ptr<BlockingPool> pool_;
  std::shared_ptr<const rpc::Dispatcher> dispatcher_;
  std::unique_ptr<GrpcServer> grpc_;
};

}  // namespace slipway::server
