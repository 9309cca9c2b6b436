#include "client/run/comparison.h"

#include <chrono>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

std::vector<Plan> Plans(int count) {
  std::vector<Plan> plans(count);
  for (int i = 0; i < count; ++i) plans[i].target.url = std::string(1, static_cast<char>('a' + i));
  return plans;
}

TrialResult Result(int64_t requests, milliseconds latency) {
  TrialResult result;
  result.elapsed = std::chrono::seconds(1);
  result.window.finished = result.window.ok = requests;
  result.generator_cpu = milliseconds(requests);
  Outcome outcome;
  outcome.kind = OutcomeKind::kHttpStatus;
  outcome.code = 200;
  outcome.ok = true;
  for (int64_t i = 0; i < requests; ++i) result.tally.Add(outcome, latency);
  return result;
}

TEST(Compare, LoadsEachTargetOnceInEachBlock) {
  std::string order;
  const auto comparison = Compare(Plans(3), 40, 7, [&](const Plan& plan, int number, int count) {
    order += plan.target.url;
    EXPECT_EQ(number, static_cast<int>(order.size()));
    EXPECT_EQ(count, 120);
    return Result(1, milliseconds(1));
  });
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->blocks.size(), 40u);
  std::map<std::string, int> orders;
  for (size_t block = 0; block < order.size(); block += 3) {
    std::string part = order.substr(block, 3);
    ++orders[part];
    std::sort(part.begin(), part.end());
    EXPECT_EQ(part, "abc");
  }
  EXPECT_EQ(orders.size(), 6u) << "some order was never drawn";
}

TEST(Compare, SameSeedSameOrder) {
  const auto order = [](uint64_t seed) {
    std::string drawn;
    const auto run = [&](const Plan& plan, int, int) {
      drawn += plan.target.url;
      return Result(1, milliseconds(1));
    };
    EXPECT_TRUE(Compare(Plans(4), 10, seed, run).ok());
    return drawn;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

TEST(Compare, RatiosArePairedWithinBlocks) {
  // The machine doubles its speed from block to block; b always does half of a.
  int64_t speed = 100;
  int runs = 0;
  const auto comparison = Compare(Plans(2), 3, 1, [&](const Plan& plan, int, int) {
    const TrialResult result = Result(plan.target.url == "a" ? speed : speed / 2,
                                      milliseconds(plan.target.url == "a" ? 10 : 30));
    if (++runs % 2 == 0) speed *= 2;
    return result;
  });
  ASSERT_TRUE(comparison.ok());
  const std::optional<Summary> ratio = comparison->Ratios(1, Metric::kThroughput);
  ASSERT_TRUE(ratio.has_value());
  EXPECT_DOUBLE_EQ(ratio->min, 0.5);
  EXPECT_DOUBLE_EQ(ratio->median, 0.5);
  EXPECT_DOUBLE_EQ(ratio->max, 0.5);
  EXPECT_NEAR(comparison->Ratios(1, Metric::kP50)->median, 3, 0.01);
  EXPECT_DOUBLE_EQ(comparison->Values(0, Metric::kThroughput)->max, 400);
  EXPECT_DOUBLE_EQ(comparison->Values(0, Metric::kGeneratorCpu)->median, 1000);
  EXPECT_FALSE(comparison->Ratios(1, Metric::kServerCpu).has_value());
  EXPECT_EQ(comparison->Merged(0).ok(), 700);
}

TEST(Compare, InterruptedBlockIsLeftOut) {
  int runs = 0;
  const auto comparison = Compare(Plans(2), 5, 1, [&](const Plan&, int, int) {
    TrialResult result = Result(1, milliseconds(1));
    result.interrupted = ++runs == 4;
    return result;
  });
  ASSERT_TRUE(comparison.ok());
  EXPECT_TRUE(comparison->interrupted);
  EXPECT_EQ(comparison->blocks.size(), 1u);
  EXPECT_EQ(runs, 4);
}

TEST(Compare, FailureNamesTheTarget) {
  const auto comparison = Compare(
      Plans(1), 2, 1, [&](const Plan&, int, int) { return absl::UnavailableError("gone"); });
  EXPECT_TRUE(absl::IsUnavailable(comparison.status()));
  EXPECT_EQ(comparison.status().message(), "a: gone");
}

}  // namespace
}  // namespace slipway::client
