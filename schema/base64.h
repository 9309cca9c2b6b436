#pragma once

#include <string>
#include <string_view>

namespace slipway::schema::internal {

/// Appends `bytes` in the standard alphabet with padding (RFC 4648 §4).
void AppendBase64(std::string_view bytes, std::string* out);

/// Decodes the standard or the URL alphabet (not both in one text), padded or not; line breaks are
/// skipped. False when `text` is no base64; `out` is then unspecified.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace slipway::schema::internal
