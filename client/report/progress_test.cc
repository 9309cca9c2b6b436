#include "client/report/progress.h"

#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::client {
namespace {

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
  progress.rate = 500;
  progress.p50 = 1'200'000;
  progress.p99 = 3'400'000;
  progress.failed = 3;
  return progress;
}

TEST(Progress, BarHasTheNumbers) {
  EXPECT_EQ(Progress::BarLine(Sample()),
            "██████████░░░░░░░░░░ 50 %  measuring, 500/s, 64 in flight, p50 1.20 ms, p99 3.40 ms, "
            "3 failed, 2.00 s left");
}

TEST(Progress, BarFollowsTimeOrNumber) {
  TrialProgress progress = Sample();
  progress.wanted = 1250;
  EXPECT_THAT(Progress::BarLine(progress), HasSubstr("80 %"));
  progress.planned = seconds(0);
  progress.wanted = 4000;
  EXPECT_THAT(Progress::BarLine(progress), HasSubstr("25 %"));
  EXPECT_THAT(Progress::BarLine(progress), HasSubstr("6.00 s left"));
  progress.phase = TrialProgress::Phase::kDraining;
  EXPECT_THAT(Progress::BarLine(progress), Not(HasSubstr("left")));
}

/// What a terminal of so many columns (0: it does not say) is told to show.
std::string ShownOn(unsigned short columns, const std::string& title) {
  winsize size{.ws_row = 24, .ws_col = columns};
  int terminal = -1, program = -1;
  if (openpty(&terminal, &program, nullptr, nullptr, &size) != 0) return "there is no terminal";
  std::FILE* const out = fdopen(program, "w");
  Progress(title, out).Show(Sample());
  std::string text(1000, '\0');
  text.resize(static_cast<size_t>(std::max<ssize_t>(read(terminal, text.data(), text.size()), 0)));
  std::fclose(out);
  close(terminal);
  return text;
}

TEST(Progress, BarFitsTheTerminal) {
  EXPECT_THAT(ShownOn(34, "trial 1"), HasSubstr("\rtrial 1  ██████████░░░░░░░░░░ 50 %\x1b[K"));
  EXPECT_THAT(ShownOn(14, "trial 1"), HasSubstr("\rtrial 1  █████\x1b[K"));
  EXPECT_THAT(ShownOn(7, "trial 1"), HasSubstr("\rtrial 1\x1b[K"));
  EXPECT_THAT(ShownOn(4, "trial 1"), HasSubstr("\rtria\x1b[K"));
  EXPECT_THAT(ShownOn(0, "trial 1"), HasSubstr("2.00 s left\x1b[K"));
}

TEST(Progress, PlainLinesComeSeldom) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    Progress shown("trial 1 of 2", file);
    TrialProgress progress = Sample();
    for (int second = 1; second <= 12; ++second) {
      progress.elapsed = seconds(second);
      shown.Show(progress);
    }
  }
  std::rewind(file);
  std::string text(1000, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr("trial 1 of 2  5.00 s: 1,000 requests, measuring, 500/s"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace slipway::client
