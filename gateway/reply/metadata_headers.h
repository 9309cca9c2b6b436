#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/http/exchange.h"
#include "rpc/metadata.h"

namespace slipway::gateway {

/// True for keys that belong to the transport of the call and are not passed on to HTTP clients.
bool IsTransportKey(std::string_view key);

/// `prefix` and `key` as HTTP spells header names: `x-user-id` behind `Grpc-Metadata-` becomes
/// `Grpc-Metadata-X-User-Id`.
std::string HeaderName(std::string_view prefix, std::string_view key);

/// The value as a header may carry it: that of a key ending in `-bin` in base64 (raw bytes could
/// contain anything).
std::string HeaderValue(std::string_view key, const std::string& value);

/// Trailing metadata as trailer fields `Grpc-Trailer-…`; transport keys are left out.
std::vector<Header> TrailerFields(const rpc::Metadata& trailers);

/// The value of the Trailer header that announces `fields`: their names.
std::string TrailerNames(const std::vector<Header>& fields);

}  // namespace slipway::gateway
