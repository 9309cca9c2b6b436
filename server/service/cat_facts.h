#pragma once

#include <memory>
#include <vector>

#include "rpc/dispatcher.h"
#include "server/upstream/fact_upstream.h"

namespace slipway::server {

/// The methods of docking.v1.CatFacts over one upstream, which they keep until they are gone.
std::vector<rpc::Method> CatFactMethods(std::shared_ptr<FactUpstream> upstream);

}  // namespace slipway::server
