#include "client/process/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

// Boost.Asio 1.74 uses std::exchange without including it when coroutines are on.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/testing/temporary_directory.h"
#include "client/process/free_port.h"
#include "client/process/scratch_directory.h"

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kPatience = seconds(30);

class ChildTest : public ::testing::Test {
 protected:
  std::string log() const { return directory_.File("log"); }

  std::string Read(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string WaitForText(const std::string& path) const {
    const auto deadline = rpc::Clock::now() + kPatience;
    while (Read(path).find('\n') == std::string::npos && rpc::Clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    return Read(path);
  }
  static bool IsAlive(pid_t pid) { return kill(pid, 0) == 0; }
  static void WaitUntilGone(pid_t pid) {
    const auto deadline = rpc::Clock::now() + kPatience;
    while (IsAlive(pid) && rpc::Clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  static absl::Status WaitForEnd(Child& child) {
    const auto deadline = rpc::Clock::now() + kPatience;
    while (child.CheckAlive().ok() && rpc::Clock::now() < deadline) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    return child.CheckAlive();
  }

  base::TemporaryDirectory directory_;
};

TEST_F(ChildTest, OutputAndErrorsGoToTheLog) {
  auto child = Child::Start({"/bin/sh", "-c", "echo out; echo err >&2"}, log());
  ASSERT_TRUE(child.ok()) << child.status();
  const absl::Status end = WaitForEnd(*child);
  EXPECT_EQ(child->LogTail(), "out\nerr");
  EXPECT_THAT(std::string(end.message()), HasSubstr("ended with status 0"));
}

TEST_F(ChildTest, TheShellBecomesTheCommand) {
  auto child = Child::StartShell("sh -c 'echo $$ \"a  b\"; sleep 60'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(WaitForText(log()), absl::StrCat(child->pid(), " a  b\n"));
  EXPECT_EQ(child->shown(), "sh -c 'echo $$ \"a  b\"; sleep 60'");
  EXPECT_TRUE(child->CheckAlive().ok());
}

TEST_F(ChildTest, WhatIsNotThereIsNamed) {
  const auto child = Child::Start({"/nowhere/server", "--x"}, log());
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.status().message(),
            "cannot start /nowhere/server --x: No such file or directory");
}

TEST_F(ChildTest, WithoutACommandNothingIsStarted) {
  EXPECT_EQ(Child::StartShell("  ", log()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Child::Start({}, log()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ChildTest, ALogThatCannotBeWrittenIsNamed) {
  const auto child = Child::Start({"/bin/true"}, directory_.File("missing/log"));
  EXPECT_THAT(std::string(child.status().message()), HasSubstr("missing/log"));
}

TEST_F(ChildTest, WaitingEndsWhenTheProcessDoes) {
  auto child = Child::StartShell("sh -c 'echo address in use; exit 3'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  const auto port = FreePort();
  ASSERT_TRUE(port.ok()) << port.status();
  const absl::Status waited = child->WaitUntilAccepts("127.0.0.1", *port, kPatience);
  EXPECT_EQ(waited.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(waited.message()), HasSubstr("ended with status 3:\naddress in use"));
}

TEST_F(ChildTest, WaitingIsBounded) {
  auto child = Child::Start({"sleep", "60"}, log());
  ASSERT_TRUE(child.ok()) << child.status();
  const auto port = FreePort();
  ASSERT_TRUE(port.ok()) << port.status();
  const absl::Status waited = child->WaitUntilAccepts("127.0.0.1", *port, milliseconds(20));
  EXPECT_THAT(std::string(waited.message()),
              HasSubstr(absl::StrCat("sleep 60 did not listen on 127.0.0.1:", *port)));
  EXPECT_THAT(std::string(waited.message()), HasSubstr("within 0.02 s and said nothing"));
}

TEST_F(ChildTest, WhoeverListensElsewhereIsShownWithWhatItSaid) {
  auto child = Child::StartShell("sh -c 'echo listening on 7; sleep 60'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_EQ(WaitForText(log()), "listening on 7\n");
  EXPECT_EQ(child->DoesNotAccept("localhost:8", seconds(60)).message(),
            "sh -c 'echo listening on 7; sleep 60' did not listen on localhost:8 within 60 s:\n"
            "listening on 7");
}

TEST_F(ChildTest, WaitingEndsWhenThePortIsOpen) {
  using tcp = boost::asio::ip::tcp;
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  auto child = Child::Start({"sleep", "60"}, log());
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_TRUE(
      child->WaitUntilAccepts("127.0.0.1", acceptor.local_endpoint().port(), kPatience).ok());
}

TEST_F(ChildTest, StopAsksPolitely) {
  auto child = Child::StartShell(
      "sh -c 'trap \"echo bye; exit 5\" TERM; echo ready; while :; do sleep 0.01; done'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_EQ(WaitForText(log()), "ready\n");
  const int status = child->Stop(kPatience);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_THAT(child->LogTail(), HasSubstr("\nbye"));
  EXPECT_EQ(child->Stop(), status) << "idempotent";
}

TEST_F(ChildTest, StopKillsWhatDoesNotListen) {
  auto child =
      Child::StartShell("sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.01; done'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_EQ(WaitForText(log()), "ready\n");
  const int status = child->Stop(milliseconds(10));
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(ChildTest, StopReachesWhatTheProcessHasStarted) {
  auto child = Child::StartShell("sh -c 'sleep 60 & echo $!; wait'", log());
  ASSERT_TRUE(child.ok()) << child.status();
  const pid_t grandchild = std::stoi(WaitForText(log()));
  ASSERT_TRUE(IsAlive(grandchild));
  child->Stop(kPatience);
  WaitUntilGone(grandchild);
  EXPECT_FALSE(IsAlive(grandchild));
}

TEST_F(ChildTest, TheDestructorStops) {
  pid_t pid = 0;
  {
    auto child = Child::Start({"sleep", "60"}, log());
    ASSERT_TRUE(child.ok()) << child.status();
    pid = child->pid();
    EXPECT_NE(getpgid(pid), getpgid(0)) << "the terminal's Ctrl-C must not reach it";
    Child moved = *std::move(child);
    EXPECT_TRUE(IsAlive(pid));
  }
  EXPECT_FALSE(IsAlive(pid));
}

TEST_F(ChildTest, ItDiesWithTheThreadThatStartedIt) {
  absl::StatusOr<Child> child = absl::UnknownError("not started");
  std::thread starter([&] { child = Child::Start({"sleep", "60"}, log()); });
  starter.join();
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_THAT(std::string(WaitForEnd(*child).message()), HasSubstr("was ended by signal 9"));
}

TEST_F(ChildTest, SignalsAreAsInAFreshProcess) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto child = Child::Start({"sleep", "60"}, log());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(child.ok()) << child.status();
  const int status = child->Stop(kPatience);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(ChildTest, OnlyTheEndOfTheLogIsShown) {
  auto child = Child::Start({"/bin/sh", "-c", "seq 1 30000"}, log());
  ASSERT_TRUE(child.ok()) << child.status();
  const absl::Status end = WaitForEnd(*child);
  EXPECT_EQ(child->LogTail(2), "29999\n30000");
  EXPECT_THAT(std::string(end.message()), Not(HasSubstr("29990\n")));
}

TEST(ShellWord, QuotesWhatAShellWouldChange) {
  EXPECT_EQ(ShellWord("--rest"), "--rest");
  EXPECT_EQ(ShellWord("/a/b_c.d"), "/a/b_c.d");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("{\"a\": 1}"), "'{\"a\": 1}'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
}

TEST(FreePort, CanBeListenedOn) {
  const auto port = FreePort();
  ASSERT_TRUE(port.ok()) << port.status();
  boost::asio::io_context context;
  EXPECT_NO_THROW(
      boost::asio::ip::tcp::acceptor(context, {boost::asio::ip::address_v4::loopback(), *port}));
}

TEST(ScratchDirectory, GoesAwayWithItsContents) {
  std::string path;
  {
    auto made = ScratchDirectory::Make();
    ASSERT_TRUE(made.ok()) << made.status();
    ScratchDirectory directory = *std::move(made);
    path = directory.path();
    std::filesystem::create_directory(directory.File("data"));
    std::ofstream(directory.File("data/file")) << "text";
    EXPECT_TRUE(std::filesystem::exists(path + "/data/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace slipway::client
