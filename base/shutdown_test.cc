#include "base/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

namespace slipway::base {
namespace {

/// Each case runs in a process of its own, because signal masks cannot be undone in threads.
class ShutdownSignalDeathTest : public ::testing::Test {
 protected:
  ShutdownSignalDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(ShutdownSignalDeathTest, WaitAnswersTheSignal) {
  EXPECT_EXIT(
      {
        ShutdownSignal shutdown;
        std::thread sender([] { kill(getpid(), SIGINT); });
        const bool right = shutdown.Wait() == SIGINT && shutdown.requested();
        sender.join();
        std::exit(right ? 7 : 8);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(ShutdownSignalDeathTest, RequestsCountOnce) {
  EXPECT_EXIT(
      {
        ShutdownSignal shutdown;
        shutdown.RequestShutdown();
        shutdown.RequestShutdown();
        const bool right = shutdown.Wait() == SIGTERM;
        shutdown.RequestShutdown();
        sigset_t pending;
        sigpending(&pending);
        std::exit(right && sigismember(&pending, SIGTERM) == 0 ? 7 : 8);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST_F(ShutdownSignalDeathTest, SecondSignalEndsAtOnce) {
  EXPECT_EXIT(
      {
        ShutdownSignal shutdown;
        kill(getpid(), SIGTERM);
        shutdown.Wait();
        kill(getpid(), SIGTERM);
        for (;;) pause();
      },
      ::testing::ExitedWithCode(1), "second signal");
}

TEST_F(ShutdownSignalDeathTest, BrokenPipeIsAnError) {
  EXPECT_EXIT(
      {
        ShutdownSignal shutdown;
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) std::exit(9);
        close(pair[1]);
        std::exit(write(pair[0], "x", 1) == -1 && errno == EPIPE ? 7 : 8);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace slipway::base
