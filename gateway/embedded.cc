#include "gateway/embedded.h"

#include <utility>

#include "base/status_macros.h"
#include "rpc/in_process.h"
#include "schema/loader.h"

namespace slipway::gateway {

void DeclareEmbeddedSwitches(base::ConfigParser& parser, Front::Options* options) {
  parser.AddHostPortList("rest", &options->listen, "also serve REST here; may be repeated")
      .ValueIfBare("127.0.0.1:8080");
  DeclareHttpSwitches(parser, &options->http, /*with_workers=*/false);
  DeclareRestSwitches(parser, &options->rest);
}

absl::StatusOr<std::unique_ptr<Front>> StartEmbedded(const Front::Options& options,
                                                     const EmbeddedServices& services,
                                                     base::Metrics& metrics) {
  if (options.listen.empty()) return nullptr;
  SLIPWAY_ASSIGN_OR_RETURN(auto schema, schema::FromLinkedPool(services.names));
  const auto dispatcher = options.http.engine == HttpEngineKind::kHttplib
                              ? services.blocking_dispatcher
                              : services.dispatcher;
  SLIPWAY_ASSIGN_OR_RETURN(
      auto front, Front::StartLocal(options, metrics, [dispatcher](rpc::Executor& executor) {
        return std::make_unique<rpc::InProcessUpstream>(dispatcher, executor);
      }));
  front->gateway().Publish(std::move(schema));
  return front;
}

}  // namespace slipway::gateway
