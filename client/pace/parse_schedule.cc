#include <cctype>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/pace/schedule.h"

namespace slipway::client {
namespace {

constexpr char kForms[] =
    "want DURATION@RATE, DURATION@FROM..TO or +N, such as 10s@100, 30s@100..1000 or +500";

/// What is wrong with one part of the text.
class PartError {
 public:
  PartError(size_t number, absl::string_view part) : number_(number), part_(part) {}
  absl::Status operator()(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("part ", number_, " \"", part_, "\" of the schedule: ", what));
  }

 private:
  const size_t number_;
  const absl::string_view part_;
};

/// Digits first: neither signs nor the words that stand for no number.
bool StartsWithDigit(absl::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

absl::StatusOr<double> ParseRate(absl::string_view text, const PartError& error) {
  double rate = 0;
  if (!StartsWithDigit(text) || !absl::SimpleAtod(text, &rate) || !(rate <= Schedule::kMaxRate)) {
    return error(absl::StrCat("rate \"", text, "\": want a number from 0 to 1000000000"));
  }
  return rate;
}

absl::StatusOr<double> ParseLength(absl::string_view text, const PartError& error) {
  absl::Duration duration;
  if (!StartsWithDigit(text) || !absl::ParseDuration(text, &duration) ||
      duration <= absl::ZeroDuration() || duration > absl::FromChrono(Schedule::kMaxDuration)) {
    return error(absl::StrCat("duration \"", text,
                              "\": want one above 0 and up to 1000h, such as 500ms, 10s or 1m30s"));
  }
  return absl::ToDoubleSeconds(duration);
}

absl::StatusOr<double> ParseBurst(absl::string_view text, const PartError& error) {
  int64_t arrivals = 0;
  if (!StartsWithDigit(text) || !absl::SimpleAtoi(text, &arrivals) || arrivals < 1 ||
      arrivals > static_cast<int64_t>(Schedule::kMaxRate)) {
    return error("want + and a whole number from 1 to 1000000000");
  }
  return static_cast<double>(arrivals);
}

struct Stage {
  double length = 0;
  double from = 0;
  double to = 0;
};

absl::StatusOr<Stage> ParseStage(absl::string_view text, const PartError& error) {
  const size_t at = text.find('@');
  if (at == absl::string_view::npos) return error(kForms);
  const absl::string_view rates = text.substr(at + 1);
  const size_t dots = rates.find("..");
  Stage stage;
  SLIPWAY_ASSIGN_OR_RETURN(stage.length, ParseLength(text.substr(0, at), error));
  SLIPWAY_ASSIGN_OR_RETURN(stage.from, ParseRate(rates.substr(0, dots), error));
  stage.to = stage.from;
  if (dots != absl::string_view::npos) {
    SLIPWAY_ASSIGN_OR_RETURN(stage.to, ParseRate(rates.substr(dots + 2), error));
  }
  return stage;
}

}  // namespace

absl::StatusOr<Schedule> ParseSchedule(std::string_view text) {
  Schedule schedule;
  size_t number = 0;
  absl::string_view part;
  for (absl::string_view piece : absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    part = absl::StripAsciiWhitespace(piece);
    const PartError error(++number, part);
    if (!part.empty() && part[0] == '+') {
      SLIPWAY_ASSIGN_OR_RETURN(const double arrivals, ParseBurst(part.substr(1), error));
      schedule.AppendBurst(arrivals);
    } else {
      SLIPWAY_ASSIGN_OR_RETURN(const Stage stage, ParseStage(part, error));
      schedule.Append(stage.length, stage.from, stage.to);
    }
    if (schedule.arrivals() > Schedule::kMaxArrivals) {
      return error("with it there are more than 1000000000000 requests, the most that is allowed");
    }
    if (schedule.duration() > Schedule::kMaxDuration) {
      return error("with it the schedule is longer than 1000h, the longest that is allowed");
    }
  }
  if (schedule.parts_.back().length == 0) {
    return PartError(number, part)(
        "a burst cannot be the last part: add how long its answers are measured, such as 5s@0");
  }
  if (schedule.arrivals() <= 0) {
    return absl::InvalidArgumentError("the schedule has no requests: all its rates are 0");
  }
  return schedule;
}

}  // namespace slipway::client
