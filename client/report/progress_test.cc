#include "client/report/progress.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

TrialProgress Sample() {
  TrialProgress progress;
  progress.phase = TrialProgress::Phase::kMeasuring;
  progress.elapsed = seconds(2);
  progress.planned = seconds(4);
  progress.finished = 1000;
  progress.in_flight = 64;
  progress.p50 = 1'200'000;
  progress.p99 = 3'400'000;
  progress.failed = 3;
  return progress;
}

/// Of so many columns (0: it does not say).
class Terminal {
 public:
  explicit Terminal(unsigned short columns, const std::string& title = "") {
    winsize size{.ws_row = 24, .ws_col = columns};
    int program = -1;
    if (openpty(&terminal_, &program, nullptr, nullptr, &size) != 0) std::abort();
    out_ = fdopen(program, "w");
    progress_.emplace(title, out_);
  }
  ~Terminal() {
    progress_.reset();
    std::fclose(out_);
    close(terminal_);
  }

  void Resize(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns};
    ioctl(terminal_, TIOCSWINSZ, &size);
  }

  /// The line that it is told to show.
  std::string Show(const TrialProgress& progress) {
    progress_->Show(progress);
    std::string text;
    while (!text.ends_with(kEnd)) {
      pollfd readable{.fd = terminal_, .events = POLLIN};
      char byte = 0;
      if (poll(&readable, 1, 10'000) != 1 || read(terminal_, &byte, 1) != 1) return "nothing came";
      text += byte;
    }
    text.resize(text.size() - kEnd.size());
    return text;
  }

 private:
  static constexpr std::string_view kEnd = "\x1b[K";
  int terminal_ = -1;
  std::FILE* out_ = nullptr;
  std::optional<Progress> progress_;
};

std::string ShownOn(unsigned short columns, const TrialProgress& progress = Sample()) {
  return Terminal(columns).Show(progress);
}

std::string ThirdOfTenOn(unsigned short columns, const TrialProgress& progress = Sample()) {
  return Terminal(columns, "trial 3 of 10").Show(progress);
}

TEST(Progress, BarHasTheNumbers) {
  EXPECT_EQ(
      ThirdOfTenOn(0),
      "\rtrial 3 of 10  ██████████░░░░░░░░░░ 50 %  measuring, 500/s, 64 in flight, p50 1.20 ms, "
      "p99 3.40 ms, 3 failed, 2.00 s left");
}

TEST(Progress, BarFollowsTimeOrNumber) {
  TrialProgress progress = Sample();
  progress.wanted = 1250;
  EXPECT_THAT(ShownOn(0, progress), HasSubstr("80 %"));
  progress.planned = seconds(0);
  progress.wanted = 4000;
  EXPECT_THAT(ShownOn(0, progress), HasSubstr("25 %"));
  EXPECT_THAT(ShownOn(0, progress), HasSubstr("6.00 s left"));
  progress.phase = TrialProgress::Phase::kDraining;
  EXPECT_THAT(ShownOn(0, progress), Not(HasSubstr("left")));
}

TEST(Progress, NarrowTerminalGetsWhatMatters) {
  EXPECT_EQ(
      ShownOn(117),
      "\r██████████░░░░░░░░░░ 50 %  measuring, 500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, "
      "3 failed, 2.00 s left");
  EXPECT_EQ(
      ShownOn(100),
      "\r█████░░░░░ 50 %  measuring, 500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, 3 failed, "
      "2.00 s left");
  EXPECT_EQ(ShownOn(80),
            "\rmeasuring, 500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, 3 failed, 2.00 s left");
  EXPECT_EQ(ThirdOfTenOn(80),
            "\r3 of 10  500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, 3 failed, 2.00 s left");
  EXPECT_EQ(ThirdOfTenOn(72),
            "\r500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, 3 failed, 2.00 s left");
  EXPECT_EQ(ThirdOfTenOn(60), "\r500/s, 64 in flight, p99 3.40 ms, 3 failed, 2.00 s left");
  EXPECT_EQ(ThirdOfTenOn(40), "\r500/s, 3 failed, 2.00 s left");
  EXPECT_EQ(ThirdOfTenOn(28), "\r500/s, 3 failed");
  EXPECT_EQ(ThirdOfTenOn(10), "\r500/s, 3 ");
  EXPECT_EQ(ThirdOfTenOn(1), "\r");
}

TEST(Progress, ConnectingIsSaidInLittleRoom) {
  TrialProgress progress;
  EXPECT_EQ(ThirdOfTenOn(44, progress), "\rtrial 3 of 10  ░░░░░░░░░░ 0 %  connecting");
  EXPECT_EQ(ThirdOfTenOn(12, progress), "\rconnecting");
}

TEST(Progress, LineGivesUpForGoodUntilTheTerminalGrows) {
  Terminal terminal(107);
  EXPECT_THAT(terminal.Show(Sample()), HasSubstr("██████████░░░░░░░░░░ 50 %"));
  TrialProgress longer = Sample();
  longer.in_flight = 10'000;
  EXPECT_THAT(terminal.Show(longer), HasSubstr("\r█████░░░░░ 50 %"));
  EXPECT_THAT(terminal.Show(Sample()), HasSubstr("\r█████░░░░░ 50 %"));
  terminal.Resize(120);
  EXPECT_THAT(terminal.Show(Sample()), HasSubstr("██████████░░░░░░░░░░ 50 %"));
}

TEST(Progress, RateIsThatOfLateAndNoneBeforeItIsKnown) {
  Terminal terminal(0);
  TrialProgress progress = Sample();
  progress.planned = seconds(60);
  progress.elapsed = milliseconds(250);
  progress.finished = 25;
  EXPECT_THAT(terminal.Show(progress), Not(HasSubstr("/s")));
  for (progress.elapsed = milliseconds(500); progress.elapsed <= seconds(10);
       progress.elapsed += milliseconds(250)) {
    progress.finished = progress.elapsed / milliseconds(10);
    EXPECT_THAT(terminal.Show(progress), HasSubstr(" 100/s,"));
  }
  progress.elapsed = seconds(11);
  EXPECT_THAT(terminal.Show(progress), HasSubstr(" 50.0/s,"));
  progress.elapsed = seconds(13);
  EXPECT_THAT(terminal.Show(progress), HasSubstr(" 0.00/s,"));
}

TEST(Progress, PlainLinesComeSeldom) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress shown("trial 1 of 2", file);
    TrialProgress progress = Sample();
    for (int second = 1; second <= 12; ++second) {
      progress.elapsed = seconds(second);
      progress.finished = second <= 5 ? 40 : 1040;
      shown.Show(progress);
    }
  }
  std::rewind(file);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr("trial 1 of 2  5.00 s: 40 requests, measuring, 8.00/s, 64 in"));
  EXPECT_THAT(text, HasSubstr("trial 1 of 2  10.0 s: 1,040 requests, measuring, 200/s, 64 in"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace slipway::client
