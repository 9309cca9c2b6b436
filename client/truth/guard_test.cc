// Whether the guard of a comparison, the first target measured twice, tells a sound machine from
// an unsound one.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <utility>

#include <gtest/gtest.h>

#include "client/report/report.h"
#include "client/testing/sample_report.h"

namespace slipway::client::testing {
namespace {

constexpr int kBlocks = 9;

uint64_t NewSeed() { return uint64_t{std::random_device{}()} << 32 | std::random_device{}(); }

/// Trials as a shared machine makes them: each block has a speed of its own, each trial its noise,
/// and a share of the trials was disturbed by somebody. What a slow trial slows, it slows at once;
/// what is read from clocks has a little noise besides.
class Machine {
 public:
  Machine(double disturbed, uint64_t seed) : disturbed_(disturbed), random_(seed) {}

  double Block() { return std::exp(Normal(0.1)); }
  /// A target that is `slow` times as slow as it should be.
  TrialResult Trial(double block, double slow) {
    const double disturbance = Uniform() < disturbed_ ? std::fabs(Normal(0.3)) : 0;
    const double time = block * slow * std::exp(Normal(0.03) + disturbance);
    return SampleTrial({.median_us = 700 * time * std::exp(Normal(0.01)),
                        .server_us = 40 * time * std::exp(Normal(0.01)),
                        .generator_us = 8 * time * std::exp(Normal(0.01)),
                        .ok = std::llround(1500 / time)});
  }

 private:
  double Normal(double deviation) {
    return std::normal_distribution<double>(0, deviation)(random_);
  }
  double Uniform() { return std::uniform_real_distribution<double>()(random_); }

  const double disturbed_;
  std::mt19937_64 random_;
};

/// A target and its guard, which is `slow` times as slow, evaluated.
Report MakeReport(Machine* machine, double slow, uint64_t seed) {
  Report report = SampleHead("compare");
  report.seed = seed;
  report.targets = {SampleGrpcTarget()};
  Cell base{.load = SampleLoad()};
  Cell guard{.load = SampleLoad(), .is_guard = true};
  for (int block = 0; block < kBlocks; ++block) {
    const double speed = machine->Block();
    base.trials.push_back({block, 2 * block, machine->Trial(speed, 1)});
    guard.trials.push_back({block, 2 * block + 1, machine->Trial(speed, slow)});
  }
  report.cells.push_back(std::move(base));
  report.cells.push_back(std::move(guard));
  Evaluate(&report);
  return report;
}

bool IsInvalid(const Report& report) {
  return std::any_of(report.notices.begin(), report.notices.end(),
                     [](const Notice& notice) { return notice.level == Notice::Level::kInvalid; });
}

int InvalidOf(int reports, double slow, double disturbed, uint64_t seed) {
  Machine machine(disturbed, seed);
  int invalid = 0;
  for (int i = 0; i < reports; ++i) {
    invalid += IsInvalid(MakeReport(&machine, slow, seed + static_cast<uint64_t>(i))) ? 1 : 0;
  }
  return invalid;
}

// The interval of each ratio holds 1 in 95 of 100, and what misses it by less than a hundredth is
// only warned of, so a report for nothing invalid is rarer than 7 in 100.
TEST(TruthOfTheGuard, SameTargetTwiceIsValid) {
  constexpr int kReports = 300;
  const uint64_t seed = NewSeed();
  const int invalid = InvalidOf(kReports, 1, 0.1, seed);
  std::cout << "seed " << seed << ": " << invalid << " of " << kReports << " invalid\n";
  EXPECT_LE(invalid, kReports * 7 / 100) << "seed " << seed;
}

// A difference of 30 % is ten times the noise of a trial: always, unless trials that were disturbed
// hide it, which of nine pairs takes two that are disturbed much and the same way. That is one
// report in fifty or so; more than four of twenty are no chance.
TEST(TruthOfTheGuard, DifferenceOfAThirdIsInvalid) {
  constexpr int kReports = 20;
  for (const double slow : {1.3, 0.7}) {
    const uint64_t seed = NewSeed();
    EXPECT_EQ(InvalidOf(kReports, slow, 0, seed), kReports) << "seed " << seed;
    EXPECT_GE(InvalidOf(kReports, slow, 0.1, seed), kReports - 4) << "seed " << seed;
  }
}

}  // namespace
}  // namespace slipway::client::testing
