#include "server/upstream/task_group.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace slipway::server {
namespace {

/// Notes when a frame goes.
struct Trace {
  explicit Trace(int& live) : live(live) { ++live; }
  ~Trace() { --live; }
  int& live;
};

rpc::Task<void> WaitFor(rpc::WaitSlot& slot, int& live) {
  const Trace trace(live);
  co_await slot.Wait();
}

rpc::Task<void> EndAtOnce(int& live) {
  const Trace trace(live);
  co_return;
}

TEST(TaskGroup, TasksRunBesideEachOtherAndTellTheirEnds) {
  int ends = 0;
  int live = 0;
  std::vector<rpc::WaitSlot> slots(3);
  TaskGroup group([&] { ++ends; });
  for (rpc::WaitSlot& slot : slots) group.Start(WaitFor(slot, live));
  EXPECT_EQ(group.size(), 3u);
  slots[1].Wake();
  EXPECT_EQ(group.size(), 2u);
  EXPECT_EQ(live, 2);
  EXPECT_EQ(ends, 1);
  slots[0].Wake();
  slots[2].Wake();
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(ends, 3);
}

TEST(TaskGroup, DestructionDestroysThoseThatWait) {
  int ends = 0;
  int live = 0;
  rpc::WaitSlot slot;
  {
    TaskGroup group([&] { ++ends; });
    group.Start(WaitFor(slot, live));
    EXPECT_EQ(live, 1);
  }
  EXPECT_EQ(live, 0);
  EXPECT_EQ(ends, 0);
}

TEST(TaskGroup, ATaskMayEndBeforeStartReturns) {
  int ends = 0;
  int live = 0;
  TaskGroup group([&] { ++ends; });
  group.Start(EndAtOnce(live));
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(ends, 1);
}

TEST(TaskGroup, AnEndMayStartTasksAndClear) {
  int live = 0;
  rpc::WaitSlot first;
  rpc::WaitSlot second;
  std::optional<TaskGroup> group;
  group.emplace([&] { group->Clear(); });
  group->Start(WaitFor(first, live));
  group->Start(WaitFor(second, live));
  first.Wake();
  EXPECT_EQ(live, 0);
}

TEST(TaskGroup, AnEndMayDestroyTheGroup) {
  int live = 0;
  rpc::WaitSlot first;
  rpc::WaitSlot second;
  std::unique_ptr<TaskGroup> group;
  group = std::make_unique<TaskGroup>([&] { group.reset(); });
  group->Start(WaitFor(first, live));
  group->Start(WaitFor(second, live));
  first.Wake();
  EXPECT_EQ(live, 0);
  EXPECT_EQ(group, nullptr);
}

}  // namespace
}  // namespace slipway::server
