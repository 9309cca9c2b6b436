#pragma once

#include <string_view>

namespace slipway::base {

/// What --version prints and the metrics and the servers' headers name.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace slipway::base
