#include "rpc/call_context.h"

#include <gtest/gtest.h>

#include <set>

#include "rpc/manual_executor.h"
#include "rpc/task.h"

namespace slipway::rpc {
namespace {

using std::chrono::seconds;

Task<void> SleepOnce(CallContext& context, Duration duration, std::optional<Status>& out) {
  out = co_await context.Sleep(duration);
}

TEST(CallContext, SleepEndsAtItsTime) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{});
  std::optional<Status> status;
  Spawn(SleepOnce(context, seconds(5), status));
  executor.Advance(seconds(4));
  EXPECT_FALSE(status);
  executor.Advance(seconds(1));
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->ok());
}

TEST(CallContext, SleepEndsAtDeadline) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{.deadline = executor.Now() + seconds(2)});
  std::optional<Status> status;
  Spawn(SleepOnce(context, seconds(5), status));
  executor.Advance(seconds(2));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(CallContext, SleepEndsWhenCancelled) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{});
  std::optional<Status> status;
  Spawn(SleepOnce(context, seconds(5), status));
  context.Cancel();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code(), absl::StatusCode::kCancelled);
  executor.Advance(seconds(10));
}

TEST(CallContext, SleepAfterCancelAnswersAtOnce) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{});
  context.Cancel();
  std::optional<Status> status;
  Spawn(SleepOnce(context, seconds(5), status));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->code(), absl::StatusCode::kCancelled);
}

TEST(CallContext, EverySleeperHearsOfTheCancellation) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{});
  std::optional<Status> one, two;
  Spawn(SleepOnce(context, seconds(5), one));
  Spawn(SleepOnce(context, seconds(6), two));
  context.Cancel();
  EXPECT_TRUE(one && two);
}

TEST(CallContext, KeepsValidCorrelationId) {
  ManualExecutor executor;
  CallContext context(executor, CallSpec{.metadata = {{"x-correlation-id", "abc-1.2_Z"}}});
  EXPECT_EQ(context.correlation_id(), "abc-1.2_Z");
}

TEST(CallContext, ReplacesInvalidCorrelationId) {
  ManualExecutor executor;
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\nb"),
                                 std::string(129, 'a'), std::string("ä")}) {
    CallContext context(executor, CallSpec{.metadata = {{"x-correlation-id", bad}}});
    EXPECT_NE(context.correlation_id(), bad);
    EXPECT_EQ(context.correlation_id().size(), 36u);
  }
}

TEST(CorrelationId, LooksLikeUuidAndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewCorrelationId();
    EXPECT_EQ(id[14], '4') << id;
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace slipway::rpc
