#include "client/report/progress.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr int kBarWidth = 30;
constexpr std::chrono::seconds kLineInterval(5);

std::string_view PhaseName(TrialProgress::Phase phase) {
  switch (phase) {
    case TrialProgress::Phase::kConnecting:
      return "connecting";
    case TrialProgress::Phase::kWarmUp:
      return "warm-up";
    case TrialProgress::Phase::kMeasuring:
      return "measuring";
    case TrialProgress::Phase::kFinishing:
      return "finishing";
  }
  return "";
}

/// 0 to 1, by what is nearer to its end.
double Done(const TrialProgress& progress) {
  double done = 0;
  if (progress.planned.count() > 0) {
    done = static_cast<double>(progress.elapsed.count()) /
           static_cast<double>(progress.planned.count());
  }
  if (progress.wanted > 0) {
    done = std::max(done,
                    static_cast<double>(progress.finished) / static_cast<double>(progress.wanted));
  }
  return std::clamp(done, 0.0, 1.0);
}

std::string Numbers(const TrialProgress& progress) {
  const double seconds = std::chrono::duration<double>(progress.elapsed).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.finished) / seconds : 0;
  return absl::StrCat(std::string(PhaseName(progress.phase)), ", ", FormatCount(progress.finished),
                      " requests, ", FormatNumber(rate), "/s, ", FormatCount(progress.failed),
                      " failed");
}

}  // namespace

Progress::Progress(std::string title)
    : title_(title.empty() ? title : title + "  "), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);  // the report takes the bar's place
}

std::string Progress::BarLine(const TrialProgress& progress) {
  const int filled = static_cast<int>(Done(progress) * kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  return absl::StrCat(bar, " ", FormatShare(static_cast<int>(Done(progress) * 100) / 100.0), "  ",
                      Numbers(progress));
}

void Progress::Show(const TrialProgress& progress) {
  if (terminal_) {
    std::fputs(absl::StrCat("\r", title_, BarLine(progress), "\x1b[K").c_str(), stderr);
    drawn_ = true;
  } else if (progress.elapsed - last_line_ >= kLineInterval) {
    last_line_ = progress.elapsed;
    std::fputs(absl::StrCat(title_, FormatDuration(progress.elapsed), ": ", Numbers(progress), "\n")
                   .c_str(),
               stderr);
  }
}

}  // namespace slipway::client
