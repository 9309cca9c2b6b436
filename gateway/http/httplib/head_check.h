#pragma once

#include <httplib.h>

#include <optional>

#include "gateway/http/async/refusal.h"
#include "gateway/http/engine.h"
#include "gateway/http/exchange.h"

namespace slipway::gateway {

/// What is wrong with the head of a request that the library let pass: limits, Host, and framing
/// that two servers could read differently.
std::optional<Refusal> CheckHead(const httplib::Request& request, const EngineLimits& limits);

/// The request as the rest of the gateway sees it. Headers that the library adds itself are left
/// out; their order among different names is lost.
RequestHead MakeRequestHead(const httplib::Request& request);

}  // namespace slipway::gateway
