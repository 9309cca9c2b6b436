#pragma once

#include <cstdint>
#include <random>

namespace slipway::client {

/// The random numbers of one thread's pacer: the same seed gives the same run.
inline std::mt19937_64 PacingRandom(uint64_t seed, int thread) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                         static_cast<uint32_t>(thread)};
  return std::mt19937_64(sequence);
}

}  // namespace slipway::client
