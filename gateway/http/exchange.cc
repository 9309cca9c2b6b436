#include "gateway/http/exchange.h"

#include "absl/strings/match.h"

namespace slipway::gateway {

std::optional<std::string_view> RequestHead::Find(std::string_view name) const {
  const absl::string_view wanted(name.data(), name.size());
  for (const Header& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, wanted)) return header.value;
  }
  return std::nullopt;
}

}  // namespace slipway::gateway
