#pragma once

#include <cstdint>
#include <random>

namespace slipway::client {

/// What random numbers are drawn for. Streams of different purposes are independent: with one
/// stream for all, a short gap between two requests would always come with a small random value.
enum class RandomPurpose : uint32_t { kPacing = 1, kTemplates = 2, kScenarios = 3 };

/// The random numbers of one thread for one purpose: the same seed gives the same run.
inline std::mt19937_64 RandomStream(uint64_t seed, int thread, RandomPurpose purpose) {
  std::seed_seq sequence{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                         static_cast<uint32_t>(thread), static_cast<uint32_t>(purpose)};
  return std::mt19937_64(sequence);
}

}  // namespace slipway::client
