#pragma once

#include <span>
#include <string_view>

namespace slipway::server {

/// A few dozen facts about cats, for the embedded upstream.
std::span<const std::string_view> CatFactList();

}  // namespace slipway::server
