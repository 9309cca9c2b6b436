#include "gateway/front.h"

#include <utility>

#include "base/status_macros.h"

namespace slipway::gateway {
namespace {

absl::StatusOr<std::unique_ptr<base::LineFile>> OpenAccessLog(const std::string& path) {
  if (path.empty() || path == "off") return std::unique_ptr<base::LineFile>();
  return base::LineFile::Open(path);
}

}  // namespace

Front::Front(const Options& options, std::unique_ptr<base::LineFile> access_file,
             base::Metrics& metrics)
    : drain_grace_(options.http.drain_grace),
      gateway_(MakeGatewayOptions(options.rest, options.unbound_methods)),
      access_file_(std::move(access_file)),
      access_log_(metrics, access_file_.get()) {}

absl::StatusOr<std::unique_ptr<Front>> Front::Open(const Options& options, base::Metrics& metrics) {
  SLIPWAY_ASSIGN_OR_RETURN(auto access_file, OpenAccessLog(options.http.access_log));
  return std::unique_ptr<Front>(new Front(options, std::move(access_file), metrics));
}

absl::StatusOr<std::unique_ptr<Front>> Front::Start(Options options, base::Metrics& metrics,
                                                    UpstreamFactory upstreams) {
  SLIPWAY_ASSIGN_OR_RETURN(auto front, Open(options, metrics));
  HandlerFactory handlers = [gateway = &front->gateway_,
                             upstreams = std::move(upstreams)](rpc::IoExecutor& executor) {
    return gateway->NewHandler(upstreams(executor));
  };
  EngineOptions engine = MakeEngineOptions(options.http, options.listen, options.threads);
  const auto make =
      options.http.engine == HttpEngineKind::kAsync ? &MakeAsyncEngine : &MakeHttplibEngine;
  front->engine_ = make(std::move(engine), std::move(handlers), front->access_log_);
  SLIPWAY_RETURN_IF_ERROR(front->engine_->Start());
  return front;
}

absl::StatusOr<std::unique_ptr<Front>> Front::StartLocal(Options options, base::Metrics& metrics,
                                                         LocalUpstreamFactory upstreams) {
  // Only the threads of httplib can do without sockets.
  if (options.http.engine != HttpEngineKind::kHttplib) {
    return Start(std::move(options), metrics, std::move(upstreams));
  }
  SLIPWAY_ASSIGN_OR_RETURN(auto front, Open(options, metrics));
  LocalHandlerFactory handlers = [gateway = &front->gateway_,
                                  upstreams = std::move(upstreams)](rpc::Executor& executor) {
    return gateway->NewHandler(upstreams(executor));
  };
  front->engine_ =
      MakeLocalHttplibEngine(MakeEngineOptions(options.http, options.listen, options.threads),
                             std::move(handlers), front->access_log_);
  SLIPWAY_RETURN_IF_ERROR(front->engine_->Start());
  return front;
}

void Front::Drain() { engine_->Drain(absl::ToChronoMilliseconds(drain_grace_)); }

}  // namespace slipway::gateway
