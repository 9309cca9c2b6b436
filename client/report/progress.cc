#include "client/report/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr int kBarWidth = 20;
constexpr std::chrono::seconds kLineInterval(5);

std::string_view PhaseName(TrialProgress::Phase phase) {
  switch (phase) {
    case TrialProgress::Phase::kConnecting:
      return "connecting";
    case TrialProgress::Phase::kWarmUp:
      return "warm-up";
    case TrialProgress::Phase::kMeasuring:
      return "measuring";
    case TrialProgress::Phase::kDraining:
      return "draining";
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

/// What is left at the present rate; nothing when that cannot be said.
std::optional<std::chrono::nanoseconds> Left(const TrialProgress& progress) {
  const double done = Done(progress);
  if (done <= 0 || done >= 1 || progress.phase == TrialProgress::Phase::kDraining) {
    return std::nullopt;
  }
  const auto elapsed = static_cast<double>(progress.elapsed.count());
  return std::chrono::nanoseconds(static_cast<int64_t>(elapsed / done * (1 - done)));
}

std::string Numbers(const TrialProgress& progress) {
  std::string text(PhaseName(progress.phase));
  if (progress.phase == TrialProgress::Phase::kConnecting) return text;
  absl::StrAppend(&text, ", ", FormatNumber(progress.rate), "/s, ", FormatCount(progress.in_flight),
                  " in flight");
  if (progress.p50 > 0) {
    absl::StrAppend(&text, ", p50 ", FormatNanoseconds(static_cast<double>(progress.p50)), ", p99 ",
                    FormatNanoseconds(static_cast<double>(progress.p99)));
  }
  absl::StrAppend(&text, ", ", FormatCount(progress.failed), " failed");
  if (const auto left = Left(progress)) {
    absl::StrAppend(&text, ", ", FormatDuration(*left), " left");
  }
  return text;
}

/// At most `width` characters, so that the terminal does not break the line.
std::string Cut(const std::string& text, size_t width) {
  size_t columns = 0;
  size_t end = 0;
  while (end < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && columns++ == width) break;
    ++end;
  }
  return text.substr(0, end);
}

/// Nothing when the terminal does not say.
std::optional<size_t> WidthOf(std::FILE* terminal) {
  winsize size{};
  if (ioctl(fileno(terminal), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace

Progress::Progress(std::string title, std::FILE* out)
    : title_(title.empty() ? title : title + "  "),
      out_(out),
      terminal_(isatty(fileno(out)) == 1) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", out_);  // the report takes the bar's place
  std::fflush(out_);
}

std::string Progress::BarLine(const TrialProgress& progress) {
  const int filled = static_cast<int>(Done(progress) * kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  const double percent = static_cast<int>(Done(progress) * 100) / 100.0;
  return absl::StrCat(bar, " ", FormatShare(percent), "  ", Numbers(progress));
}

std::string Progress::PlainLine(const TrialProgress& progress) {
  return absl::StrCat(FormatDuration(progress.elapsed), ": ", FormatCount(progress.finished),
                      " requests, ", Numbers(progress));
}

void Progress::Show(const TrialProgress& progress) {
  if (terminal_) {
    const std::string line = absl::StrCat(title_, BarLine(progress));
    const std::optional<size_t> width = WidthOf(out_);
    std::fputs(absl::StrCat("\r", width ? Cut(line, *width) : line, "\x1b[K").c_str(), out_);
    std::fflush(out_);
    drawn_ = true;
  } else if (progress.elapsed - last_line_ >= kLineInterval) {
    last_line_ = progress.elapsed;
    std::fputs(absl::StrCat(title_, PlainLine(progress), "\n").c_str(), out_);
    std::fflush(out_);
  }
}

}  // namespace slipway::client
