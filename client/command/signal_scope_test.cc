#include "client/command/signal_scope.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace slipway::client {
namespace {

bool HearsOf(const SignalScope& scope) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!scope.interrupted() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
  }
  return scope.interrupted();
}

TEST(SignalScope, RemembersTheFirstSignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const SignalScope scope;
    EXPECT_FALSE(scope.interrupted());
    kill(getpid(), signal);
    EXPECT_TRUE(HearsOf(scope));
  }
}

TEST(SignalScope, SurvivesTheEndOfAnotherSignalSet) {
  const SignalScope scope;
  {
    boost::asio::io_context context;
    const boost::asio::signal_set trial(context, SIGINT, SIGTERM);
  }
  kill(getpid(), SIGINT);
  EXPECT_TRUE(HearsOf(scope));
}

TEST(SignalScopeDeathTest, TheSecondSignalEndsTheProcess) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(
      {
        const SignalScope scope;
        kill(getpid(), SIGINT);
        HearsOf(scope);
        kill(getpid(), SIGINT);
        std::this_thread::sleep_for(std::chrono::seconds(20));
      },
      testing::ExitedWithCode(130), "ended by a second signal");
}

}  // namespace
}  // namespace slipway::client
