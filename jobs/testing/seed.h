#pragma once

#include <cstdlib>
#include <iostream>
#include <random>

namespace slipway::jobs {

/// The seed of a random test: a new one each time, printed, or that of the environment's
/// SLIPWAY_SEED, to see a failure again.
inline unsigned TestSeed() {
  const char* given = std::getenv("SLIPWAY_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                         : std::random_device()();
  std::cout << "SLIPWAY_SEED=" << seed << std::endl;
  return seed;
}

}  // namespace slipway::jobs
