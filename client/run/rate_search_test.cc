#include "client/run/rate_search.h"

#include <algorithm>
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

}  // namespace
}  // namespace slipway::client
