#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/http/async/refusal.h"

namespace slipway::gateway {

/// Refuses a Host value that is not `host[:port]` as RFC 9112 section 3.2 and RFC 3986 have it: a
/// name, an IPv4 address or an IPv6 address in brackets, and a port of 0…65535. A comma is refused
/// although a name may contain one, because it is what a merged pair of Host lines looks like.
std::optional<Refusal> CheckHost(std::string_view host);

/// Checks the request-target of `method` and brings the absolute form to origin form: `target` is
/// afterwards a path with its query, or `*` of OPTIONS. `host` is the value of Host, absent only in
/// HTTP/1.0. Another authority than Host's is 421: this server is not a proxy. Escaped control
/// bytes in the path are refused, raw ones the parser has refused before.
std::optional<Refusal> NormalizeTarget(std::string_view method,
                                       std::optional<std::string_view> host, std::string* target);

}  // namespace slipway::gateway
