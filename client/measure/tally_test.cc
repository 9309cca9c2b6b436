#include "client/measure/tally.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;

Outcome Http(int status, std::string_view message = {}) {
  return Outcome{OutcomeKind::kHttpStatus, status, status < 400, false, message, 10};
}

TEST(Tally, SuccessesAndFailuresAreApart) {
  Tally tally;
  tally.Add(Http(200), milliseconds(1));
  tally.Add(Http(503, "no backend"), milliseconds(900));
  tally.Add(Outcome{OutcomeKind::kTimeout, 0, false, false, "no answer in time", 0},
            milliseconds(2000));
  EXPECT_EQ(tally.ok(), 1);
  EXPECT_EQ(tally.failed(), 2);
  EXPECT_EQ(tally.total(), 3);
  EXPECT_EQ(tally.bytes_received(), 20u);
  EXPECT_EQ(tally.ok_latency().max(), 1'000'000);
  EXPECT_EQ(tally.failed_latency().min(), 900'000'000);
  EXPECT_EQ(tally.http_count(503), 1);
}

TEST(Tally, FirstMessageOfEachCodeIsKept) {
  Tally tally;
  tally.Add(Http(404, "first"), milliseconds(1));
  tally.Add(Http(404, "second"), milliseconds(1));
  tally.Add(Http(500, "other"), milliseconds(1));
  ASSERT_EQ(tally.failures().size(), 2u);
  EXPECT_EQ(tally.failures()[0].message, "first");
  EXPECT_EQ(tally.failures()[0].count, 2);
  EXPECT_EQ(tally.failures()[1].message, "other");
}

TEST(Tally, BrokenConnectionsAreToldApartByText) {
  Tally tally;
  tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, "closed early", 0}, milliseconds(1));
  tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, "malformed", 0}, milliseconds(1));
  EXPECT_EQ(tally.failures().size(), 2u);
}

TEST(Tally, MergeAddsEverything) {
  Tally left, right;
  left.Add(Http(200), milliseconds(1));
  left.Add(Http(404, "left"), milliseconds(1));
  right.Add(Http(404, "right"), milliseconds(1));
  right.Add(Outcome{OutcomeKind::kGrpcStatus, 5, false, false, "not found", 0}, milliseconds(1));
  left.Merge(right);
  EXPECT_EQ(left.total(), 4);
  EXPECT_EQ(left.http_count(404), 2);
  EXPECT_EQ(left.grpc_count(5), 1);
  ASSERT_EQ(left.failures().size(), 2u);
  EXPECT_EQ(left.failures()[0].count, 2);
  EXPECT_EQ(left.failures()[0].message, "left");
}

TEST(Tally, ManySortsDoNotGrowWithoutBound) {
  Tally tally;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "text " + std::to_string(i);
    tally.Add(Outcome{OutcomeKind::kBroken, 0, false, false, text, 0}, milliseconds(1));
  }
  int64_t sum = 0;
  for (const Failure& failure : tally.failures()) sum += failure.count;
  EXPECT_EQ(sum, 1000);
  EXPECT_LE(tally.failures().size(), 64u);
}

}  // namespace
}  // namespace slipway::client
