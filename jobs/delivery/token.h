#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::jobs {

/// A job id, which must be valid (ValidJobId), as message token: its 128 bits as 32 hexadecimal
/// digits in lower case, most significant first.
std::string TokenFromJobId(std::string_view id);

/// The id that a token was made from; hexadecimal digits may be capitals. Nothing for any other
/// text.
std::optional<std::string> JobIdFromToken(std::string_view token);

}  // namespace slipway::jobs
