#pragma once

#include <string>
#include <string_view>

namespace slipway::jobs {

/// SHA-256 of `bytes` (FIPS 180-4) as 64 hexadecimal digits in lower case. Any thread. Ends the
/// process when OpenSSL cannot compute it: without digests nobody's jobs could be told from
/// another's.
std::string Sha256Hex(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104) of `bytes` under `key`, in the same form and with the same reservation.
std::string HmacSha256Hex(std::string_view key, std::string_view bytes);

}  // namespace slipway::jobs
