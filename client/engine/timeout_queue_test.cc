#include "client/engine/timeout_queue.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "rpc/manual_executor.h"

namespace slipway::client {
namespace {

using std::chrono::seconds;

class TimeoutQueueTest : public testing::Test {
 protected:
  rpc::ManualExecutor executor_;
  std::vector<TimeoutQueue::Entry*> expired_;
  TimeoutQueue queue_{executor_, seconds(10),
                      [this](TimeoutQueue::Entry& entry) { expired_.push_back(&entry); }};
  TimeoutQueue::Entry first_, second_, third_;
};

TEST_F(TimeoutQueueTest, ExpiresEachAtItsTime) {
  queue_.Enter(first_, executor_.Now());
  executor_.Advance(seconds(4));
  queue_.Enter(second_, executor_.Now());
  executor_.Advance(seconds(5));
  EXPECT_TRUE(expired_.empty());
  executor_.Advance(seconds(1));
  EXPECT_EQ(expired_, std::vector{&first_});
  executor_.Advance(seconds(4));
  EXPECT_EQ(expired_, (std::vector{&first_, &second_}));
  EXPECT_FALSE(second_.queued());
}

TEST_F(TimeoutQueueTest, WhatHasLeftDoesNotExpire) {
  queue_.Enter(first_, executor_.Now());
  queue_.Enter(second_, executor_.Now());
  queue_.Enter(third_, executor_.Now());
  TimeoutQueue::Leave(second_);
  TimeoutQueue::Leave(second_);
  executor_.Advance(seconds(60));
  EXPECT_EQ(expired_, (std::vector{&first_, &third_}));
}

TEST_F(TimeoutQueueTest, ReentersFromTheCallback) {
  int rounds = 0;
  TimeoutQueue* queue = nullptr;
  TimeoutQueue again(executor_, seconds(10), [&](TimeoutQueue::Entry& entry) {
    if (++rounds < 3) queue->Enter(entry, executor_.Now());
  });
  queue = &again;
  again.Enter(first_, executor_.Now());
  executor_.Advance(seconds(25));
  EXPECT_EQ(rounds, 2);
  executor_.Advance(seconds(25));
  EXPECT_EQ(rounds, 3);
}

}  // namespace
}  // namespace slipway::client
