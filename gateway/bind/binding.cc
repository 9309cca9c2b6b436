#include "gateway/bind/binding.h"

#include <mutex>
#include <set>

namespace slipway::gateway {

std::string_view InternRoute(std::string_view route) {
  static std::mutex mutex;
  static auto& routes = *new std::set<std::string, std::less<>>();  // never destroyed: see above
  const std::lock_guard lock(mutex);
  const auto found = routes.find(route);
  return found != routes.end() ? *found : *routes.emplace(route).first;
}

}  // namespace slipway::gateway
