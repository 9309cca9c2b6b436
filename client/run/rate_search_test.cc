#include "client/run/rate_search.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

/// Searches against a server that meets the objective below `limit`; answers the rates tried.
std::vector<double> Search(RateSearch& search, double limit) {
  std::vector<double> tried;
  while (const std::optional<double> rate = search.Next()) {
    tried.push_back(*rate);
    search.Report(*rate <= limit);
    if (tried.size() > 200) break;
  }
  return tried;
}

TEST(RateSearch, FindsTheLimitToThePrecision) {
  for (const double limit : {101.0, 1234.5, 87'654.0, 999'999.0}) {
    RateSearch search({.from = 100, .to = 1'000'000, .precision = 0.02, .confirmations = 3});
    const std::vector<double> tried = Search(search, limit);
    ASSERT_TRUE(search.best().has_value()) << limit;
    EXPECT_LE(*search.best(), limit);
    EXPECT_GE(*search.best() * 1.02, limit);
    EXPECT_LT(tried.size(), 40u);
  }
}

TEST(RateSearch, DoublesUntilItFails) {
  RateSearch search({.from = 100, .to = 10'000, .precision = 0.5, .confirmations = 1});
  const std::vector<double> tried = Search(search, 500);
  ASSERT_GE(tried.size(), 4u);
  EXPECT_EQ(tried[0], 100);
  EXPECT_EQ(tried[1], 200);
  EXPECT_EQ(tried[2], 400);
  EXPECT_EQ(tried[3], 800);
}

TEST(RateSearch, EndsAtTheHighestRate) {
  RateSearch search({.from = 100, .to = 1000, .precision = 0.05, .confirmations = 2});
  Search(search, 1e9);
  EXPECT_EQ(search.best(), 1000);
}

TEST(RateSearch, NothingIsMet) {
  RateSearch search({.from = 100, .to = 1000, .precision = 0.05, .confirmations = 2});
  const std::vector<double> tried = Search(search, 1);
  EXPECT_FALSE(search.best().has_value());
  EXPECT_EQ(tried.size(), 1u);
}

TEST(RateSearch, TheBestIsTriedAsOftenAsAskedFor) {
  RateSearch search({.from = 100, .to = 1000, .precision = 0.05, .confirmations = 4});
  const std::vector<double> tried = Search(search, 700);
  const double best = search.best().value();
  EXPECT_EQ(std::count(tried.begin(), tried.end(), best), 4);
}

TEST(RateSearch, ARateThatFailsWhenTriedAgainIsGivenUp) {
  RateSearch search({.from = 100, .to = 1000, .precision = 0.05, .confirmations = 2});
  int lucky = 1;  // 800 is met once only
  std::vector<double> tried;
  while (const std::optional<double> rate = search.Next()) {
    tried.push_back(*rate);
    ASSERT_LT(tried.size(), 100u);
    search.Report(*rate <= 600 || (*rate <= 800 && lucky-- > 0));
  }
  ASSERT_TRUE(search.best().has_value());
  EXPECT_LE(*search.best(), 600);
  EXPECT_GE(*search.best(), 500);
}

/// Three seconds of `rate` a second at a server that takes `service`, or, when it is less than
/// `rate`, answers `capacity` a second; all slots are free.
TrialResult Measured(double rate, std::chrono::milliseconds service, double capacity) {
  constexpr double kSeconds = 3;
  TrialResult result;
  result.elapsed = std::chrono::seconds(3);
  result.offered = static_cast<int64_t>(rate * kSeconds);
  for (int64_t i = 0; i < result.offered; ++i) {
    const auto due = static_cast<double>(i) / rate;
    const double begun = std::max(due, static_cast<double>(i) / capacity);
    const double ended = begun + std::chrono::duration<double>(service).count();
    const std::chrono::nanoseconds latency(static_cast<int64_t>((ended - due) * 1e9));
    result.tally.Add({OutcomeKind::kHttpStatus, 200, true, false, "", 1}, latency);
    result.tally.Record(Series::kService, latency);
    result.tally.Record(Series::kLag, std::chrono::microseconds(20));
    result.window.finished += ended <= kSeconds ? 1 : 0;
  }
  return result;
}

TEST(KeptUp, WhatIsInFlightAtTheEndIsNotMissing) {
  for (const int service : {1, 100, 1000, 2500}) {
    EXPECT_TRUE(KeptUp(Measured(200, std::chrono::milliseconds(service), 1e6), 200)) << service;
  }
}

TEST(KeptUp, AQueueThatGrowsIsNot) {
  for (const double capacity : {20.0, 50.0, 100.0, 180.0}) {
    EXPECT_FALSE(KeptUp(Measured(200, std::chrono::milliseconds(1), capacity), 200)) << capacity;
  }
}

TEST(KeptUp, WaitingForASlotAndNeverEndingAreNot) {
  TrialResult late = Measured(200, std::chrono::seconds(1), 1e6);
  for (int i = 0; i < 1000; ++i) late.tally.Record(Series::kLag, std::chrono::milliseconds(50));
  EXPECT_FALSE(KeptUp(late, 200));
  TrialResult stuck = Measured(200, std::chrono::seconds(1), 1e6);
  stuck.cut_off = 100;
  EXPECT_FALSE(KeptUp(stuck, 200));
}

}  // namespace
}  // namespace slipway::client
