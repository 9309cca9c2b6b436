#include "client/engine/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(EpollExecutor, PostedWorkRunsInItsOrder) {
  EpollExecutor executor;
  std::vector<int> order;
  bool done = false;
  executor.Post([&] {
    order.push_back(1);
    executor.Post([&] {
      order.push_back(3);
      done = true;
    });
  });
  executor.Post([&] { order.push_back(2); });
  executor.RunUntil(done);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

class EpollExecutorWaits : public ::testing::TestWithParam<bool> {};

TEST_P(EpollExecutorWaits, WorkOfOtherThreadsWakesIt) {
  EpollExecutor executor(GetParam());
  constexpr int kThreads = 4, kEach = 1000;
  int ran = 0;
  bool done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) {
        executor.Post([&] { done = ++ran == kThreads * kEach; });
      }
    });
  }
  executor.RunUntil(done);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST_P(EpollExecutorWaits, TimersRunInTheirOrderAndNeverEarly) {
  EpollExecutor executor(GetParam());
  const rpc::Time start = executor.Now();
  std::vector<int> order;
  bool done = false;
  rpc::Timer first(executor), second(executor), third(executor), cancelled(executor);
  third.Start(start + milliseconds(3), [&] {
    order.push_back(3);
    done = true;
  });
  first.Start(start, [&] { order.push_back(1); });
  second.Start(start + microseconds(1500), [&] {
    EXPECT_GE(executor.Now(), start + microseconds(1500));
    order.push_back(2);
  });
  cancelled.Start(start + milliseconds(1), [&] { order.push_back(0); });
  cancelled.Cancel();
  executor.RunUntil(done);
  EXPECT_GE(executor.Now(), start + milliseconds(3));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

INSTANTIATE_TEST_SUITE_P(EpollExecutor, EpollExecutorWaits, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "ToTheNanosecond" : "Older"; });

TEST(EpollExecutor, TooManyOpenFilesAreSaid) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const EpollExecutor executor;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(executor.status())) << executor.status();
  EXPECT_THAT(std::string(executor.status().message()), HasSubstr("Too many open files"));
  EXPECT_TRUE(EpollExecutor().status().ok());
}

class EpollSocketTest : public ::testing::Test, public EpollExecutor::Handler {
 protected:
  EpollSocketTest() { socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair_.data()); }
  ~EpollSocketTest() override {
    close(pair_[0]);
    close(pair_[1]);
  }
  void OnEvents(uint32_t events) override {
    seen_.push_back(events);
    done_ = (events & wanted_) == wanted_;
  }

  EpollExecutor executor_;
  std::array<int, 2> pair_{-1, -1};
  std::vector<uint32_t> seen_;
  uint32_t wanted_ = 0;
  bool done_ = false;
};

TEST_F(EpollSocketTest, ReportsWhatHappensToASocket) {
  ASSERT_EQ(executor_.Watch(pair_[0], this), 0);
  ASSERT_EQ(write(pair_[1], "x", 1), 1);
  wanted_ = EPOLLIN;
  executor_.RunUntil(done_);
  done_ = false;
  shutdown(pair_[1], SHUT_WR);
  wanted_ = EPOLLRDHUP;
  executor_.RunUntil(done_);
  EXPECT_EQ(executor_.Watch(-1, this), EBADF);
}

TEST_F(EpollSocketTest, DeferredCallsComeOnceBeforeItSleeps) {
  executor_.Defer(this);
  executor_.RunUntil(done_);  // wants nothing, so the first call ends it
  EXPECT_THAT(seen_, ElementsAre(0u));
}

TEST_F(EpollSocketTest, DeferredCallsComeBeforePostedWork) {
  bool posted = false;
  executor_.Post([&] {
    executor_.Defer(this);
    executor_.Post([&] {
      EXPECT_THAT(seen_, ElementsAre(0u));
      posted = true;
    });
  });
  executor_.RunUntil(posted);
  EXPECT_THAT(seen_, ElementsAre(0u));
}

}  // namespace
}  // namespace slipway::client
