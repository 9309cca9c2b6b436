#include "client/run/plan.h"

namespace slipway::client {

Share Plan::ShareOf(int index) const {
  const auto part = [&](uint32_t whole) {
    const auto count = static_cast<uint32_t>(load.threads);
    return whole / count + (static_cast<uint32_t>(index) < whole % count ? 1 : 0);
  };
  return Share{part(load.concurrency), part(load.connections)};
}

}  // namespace slipway::client
