#include "base/fault.h"

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace slipway::base {
namespace {

/// As a shell shows a process that SIGKILL ended.
constexpr int kCrashCode = 137;

absl::Status BadEntry(absl::string_view entry) {
  return absl::InvalidArgumentError(absl::StrCat(
      "SLIPWAY_FAULTS: \"", entry,
      "\" is not allowed: NAME=error|crash|delay:DURATION[@SKIP][xTIMES] with numbers from 0"));
}

/// Cuts `separator` and a number off the end of `text`; false if what follows it is no number.
bool CutNumber(char separator, absl::string_view* text, std::int64_t* number) {
  const std::size_t at = text->rfind(separator);
  if (at == absl::string_view::npos) return true;
  if (!absl::SimpleAtoi(text->substr(at + 1), number) || *number < 0) return false;
  *text = text->substr(0, at);
  return true;
}

bool ParseKind(absl::string_view text, Fault* fault) {
  if (text == "error") {
    fault->kind = Fault::Kind::kError;
    return true;
  }
  if (text == "crash") {
    fault->kind = Fault::Kind::kCrash;
    return true;
  }
  fault->kind = Fault::Kind::kDelay;
  return absl::ConsumePrefix(&text, "delay:") && absl::ParseDuration(text, &fault->delay) &&
         fault->delay >= absl::ZeroDuration() && fault->delay < absl::InfiniteDuration();
}

absl::StatusOr<std::pair<std::string, Fault>> ParseEntry(absl::string_view entry) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(entry, absl::MaxSplits('=', 1));
  absl::string_view action = parts.second;
  Fault fault;
  if (parts.first.empty() || !CutNumber('x', &action, &fault.times) ||
      !CutNumber('@', &action, &fault.skip) || !ParseKind(action, &fault)) {
    return BadEntry(entry);
  }
  return std::pair(std::string(parts.first), fault);
}

/// All places of the process. Any thread.
class Faults {
 public:
  static Faults& Get() {
    static Faults* const faults = new Faults();  // outlives static destructors that hit places
    return *faults;
  }

  void Set(std::string_view name, const Fault& fault) {
    const std::lock_guard lock(mutex_);
    PlaceOf(name).fault = fault;
  }

  void Clear() {
    const std::lock_guard lock(mutex_);
    places_.clear();
  }

  std::int64_t Hits(std::string_view name) {
    const std::lock_guard lock(mutex_);
    return PlaceOf(name).hits;
  }

  /// Counts a hit; what is to happen, if anything.
  std::optional<Fault> Hit(std::string_view name) {
    const std::lock_guard lock(mutex_);
    Place& place = PlaceOf(name);
    ++place.hits;
    if (!place.fault.has_value() || place.fault->times == 0) return std::nullopt;
    if (place.fault->skip > 0) {
      --place.fault->skip;
      return std::nullopt;
    }
    if (place.fault->times > 0) --place.fault->times;
    return place.fault;
  }

 private:
  struct Place {
    std::int64_t hits = 0;
    std::optional<Fault> fault;
  };

  Place& PlaceOf(std::string_view name) {
    const auto found = places_.find(name);
    return found != places_.end() ? found->second : places_[std::string(name)];
  }

  std::mutex mutex_;
  /// Guarded by mutex_.
  std::map<std::string, Place, std::less<>> places_;
};

void ReadEnvironmentOnce() {
  static const bool read = [] {
    const char* text = std::getenv("SLIPWAY_FAULTS");
    const absl::Status set = text == nullptr ? absl::OkStatus() : SetFaults(text);
    if (!set.ok()) LogError("{}", std::string(set.message()));
    return true;
  }();
  static_cast<void>(read);
}

}  // namespace

void SetFault(std::string_view name, const Fault& fault) { Faults::Get().Set(name, fault); }
void ClearFaults() { Faults::Get().Clear(); }
std::int64_t FaultHits(std::string_view name) { return Faults::Get().Hits(name); }

absl::Status SetFaults(std::string_view text) {
  std::vector<std::pair<std::string, Fault>> faults;
  for (const absl::string_view entry :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipEmpty())) {
    SLIPWAY_ASSIGN_OR_RETURN(auto fault, ParseEntry(entry));
    faults.push_back(std::move(fault));
  }
  for (const auto& [name, fault] : faults) SetFault(name, fault);
  return absl::OkStatus();
}

absl::Status HitFault(std::string_view name) {
  ReadEnvironmentOnce();
  const std::optional<Fault> fault = Faults::Get().Hit(name);
  if (!fault.has_value()) return absl::OkStatus();
  switch (fault->kind) {
    case Fault::Kind::kDelay:
      absl::SleepFor(fault->delay);
      return absl::OkStatus();
    case Fault::Kind::kCrash:
      _exit(kCrashCode);
    case Fault::Kind::kError:
      break;
  }
  return absl::UnavailableError(absl::StrCat("fault ", std::string(name)));
}

}  // namespace slipway::base
