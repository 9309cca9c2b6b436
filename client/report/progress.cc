#include "client/report/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/report/format.h"

namespace slipway::client {
namespace {

constexpr int kBarWidth = 20;
constexpr std::chrono::seconds kLineInterval(5);
/// The bar tells the rate of so long. The threads' numbers come every 100 ms, each at a time of its
/// own: in less time than the shortest they say little.
constexpr std::chrono::seconds kRecent(2);
constexpr std::chrono::milliseconds kShortestForRate(500);

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

/// What a line gives up to fit its terminal, in this order.
enum GivenUp {
  kNothing,
  kHalfTheBar,
  kBar,
  kPercent,
  kPhase,
  kWordOfTitle,
  kTitle,
  kMedian,
  kInFlight,
  kTail,
  kTimeLeft,
};

std::string Numbers(const TrialProgress& progress, std::optional<double> rate, int given_up) {
  const bool connecting = progress.phase == TrialProgress::Phase::kConnecting;
  std::vector<std::string> parts;
  if (given_up < kPhase || connecting) parts.emplace_back(PhaseName(progress.phase));
  if (connecting) return parts.front();
  if (rate) parts.push_back(absl::StrCat(FormatNumber(*rate), "/s"));
  if (given_up < kInFlight) {
    parts.push_back(absl::StrCat(FormatCount(progress.in_flight), " in flight"));
  }
  if (progress.p50 > 0 && given_up < kMedian) {
    parts.push_back(absl::StrCat("p50 ", FormatNanoseconds(static_cast<double>(progress.p50))));
  }
  if (progress.p50 > 0 && given_up < kTail) {
    parts.push_back(absl::StrCat("p99 ", FormatNanoseconds(static_cast<double>(progress.p99))));
  }
  parts.push_back(absl::StrCat(FormatCount(progress.failed), " failed"));
  const auto left = Left(progress);
  if (left && given_up < kTimeLeft) parts.push_back(absl::StrCat(FormatDuration(*left), " left"));
  return absl::StrJoin(parts, ", ");
}

std::string Bar(double done, int width) {
  const int filled = static_cast<int>(done * width);
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
  return bar;
}

/// All but the title.
std::string BarLine(const TrialProgress& progress, std::optional<double> rate, int given_up) {
  const double done = Done(progress);
  std::string line;
  if (given_up < kBar) {
    absl::StrAppend(&line, Bar(done, given_up < kHalfTheBar ? kBarWidth : kBarWidth / 2), " ");
  }
  if (given_up < kPercent) {
    absl::StrAppend(&line, FormatShare(static_cast<int>(done * 100) / 100.0), "  ");
  }
  return absl::StrCat(line, Numbers(progress, rate, given_up));
}

std::string WithoutFirstWord(const std::string& title) {
  const size_t second = title.find_first_not_of(' ', title.find(' '));
  return second == std::string::npos ? title : title.substr(second);
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
      short_title_(WithoutFirstWord(title_)),
      out_(out),
      terminal_(isatty(fileno(out)) == 1) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", out_);  // the report takes the bar's place
  std::fflush(out_);
}

void Progress::Show(const TrialProgress& progress) {
  if (terminal_) {
    Draw(progress);
  } else if (progress.elapsed - last_line_.elapsed >= kLineInterval) {
    WriteLine(progress);
  }
}

void Progress::Draw(const TrialProgress& progress) {
  const std::optional<double> rate = RecentRate(progress);
  const std::optional<size_t> width = WidthOf(out_);
  // In the last column a terminal would take the end of the line for what is to be cleared.
  const std::string line = width ? Fitted(progress, rate, *width - 1)
                                 : absl::StrCat(title_, BarLine(progress, rate, kNothing));
  std::fputs(absl::StrCat("\r", line, "\x1b[K").c_str(), out_);
  std::fflush(out_);
  drawn_ = true;
}

std::string Progress::Fitted(const TrialProgress& progress, std::optional<double> rate,
                             size_t columns) {
  if (std::exchange(columns_, columns) != columns) given_up_ = kNothing;
  const auto line = [&] {
    const std::string& title = given_up_ < kWordOfTitle ? title_ : short_title_;
    return absl::StrCat(given_up_ < kTitle ? title : "", BarLine(progress, rate, given_up_));
  };
  while (DisplayWidth(line()) > columns && given_up_ < kTimeLeft) ++given_up_;
  return Cut(line(), columns);
}

void Progress::WriteLine(const TrialProgress& progress) {
  const std::optional<double> rate = RateSince(last_line_, progress);
  std::fputs(
      absl::StrCat(title_, FormatDuration(progress.elapsed), ": ", FormatCount(progress.finished),
                   " requests, ", Numbers(progress, rate, kNothing), "\n")
          .c_str(),
      out_);
  std::fflush(out_);
  last_line_ = {progress.elapsed, progress.finished};
}

std::optional<double> Progress::RateSince(const Look& look, const TrialProgress& progress) {
  const auto time = progress.elapsed - look.elapsed;
  if (time < kShortestForRate) return std::nullopt;
  return static_cast<double>(progress.finished - look.finished) /
         std::chrono::duration<double>(time).count();
}

std::optional<double> Progress::RecentRate(const TrialProgress& progress) {
  while (looks_.size() > 1 && progress.elapsed - looks_[1].elapsed >= kRecent) looks_.pop_front();
  looks_.push_back({progress.elapsed, progress.finished});
  return RateSince(looks_.front(), progress);
}

}  // namespace slipway::client
