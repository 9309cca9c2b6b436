#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "gateway/front.h"
#include "rpc/dispatcher.h"

namespace slipway::gateway {

/// Declares `--rest` and the switches of REST for a program that serves its own methods.
void DeclareEmbeddedSwitches(base::ConfigParser& parser, Front::Options* options);

/// What a program with a Dispatcher offers to REST.
struct EmbeddedServices {
  /// Full names, linked into this program; the later of two equal routes wins.
  std::vector<std::string> names;
  /// Called from event loops: must not block them.
  std::shared_ptr<const rpc::Dispatcher> dispatcher;
  /// Called from the threads of the httplib engine, which each serve one request at a time:
  /// handlers run where they are called.
  std::shared_ptr<const rpc::Dispatcher> blocking_dispatcher;
};

/// REST in front of this process's own methods: no socket and no second serialisation between. Null
/// when no address is to be listened on.
absl::StatusOr<std::unique_ptr<Front>> StartEmbedded(const Front::Options& options,
                                                     const EmbeddedServices& services,
                                                     base::Metrics& metrics);

}  // namespace slipway::gateway
