#include "rpc/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace slipway::rpc {
namespace {

Task<int> Immediate(int value) { co_return value; }

Task<void> SumImmediates(int count, int64_t& sum) {
  for (int i = 0; i < count; ++i) sum += co_await Immediate(i);
}

// Each await completes at once. With symmetric transfer and no tail calls (no -O2, or a sanitizer)
// this would need a million stack frames.
TEST(Task, MillionImmediateAwaitsNeedNoStack) {
  int64_t sum = 0;
  Spawn(SumImmediates(1'000'000, sum));
  EXPECT_EQ(sum, int64_t{499'999'500'000});
}

Task<void> WaitOften(WaitSlot& slot, int count, int& seen) {
  for (; seen < count; ++seen) co_await slot.Wait();
}

TEST(Task, SuspendedTaskGoesOnWhenWoken) {
  WaitSlot slot;
  int seen = 0;
  Spawn(WaitOften(slot, 3, seen));
  EXPECT_EQ(seen, 0);
  slot.Wake();
  EXPECT_EQ(seen, 1);
  slot.Wake();
  slot.Wake();
  EXPECT_EQ(seen, 3);
  EXPECT_FALSE(slot.waiting());
  slot.Wake();  // nobody waits: nothing happens
}

Task<std::unique_ptr<std::string>> Make(WaitSlot& slot) {
  co_await slot.Wait();
  co_return std::make_unique<std::string>("made");
}
Task<void> Use(WaitSlot& slot, std::string& out) { out = *(co_await Make(slot)); }

TEST(Task, ValueOfSuspendedChildReachesParent) {
  WaitSlot slot;
  std::string out;
  Spawn(Use(slot, out));
  EXPECT_EQ(out, "");
  slot.Wake();
  EXPECT_EQ(out, "made");
}

TEST(Task, UnawaitedTaskNeverRuns) {
  int64_t sum = 0;
  { Task<void> task = SumImmediates(10, sum); }
  EXPECT_EQ(sum, 0);
}

}  // namespace
}  // namespace slipway::rpc
