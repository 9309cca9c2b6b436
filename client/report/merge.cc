#include "client/report/merge.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/report/evaluate.h"
#include "client/report/json_report.h"
#include "client/report/names.h"
#include "client/report/notices.h"

namespace slipway::client {
namespace {

/// Numbers of blocks stay far from where they would overflow.
constexpr int kMostPlaces = 1'000'000'000;

/// The most that reports can say of a trial's start.
constexpr std::chrono::nanoseconds kLatest = std::chrono::seconds(1'000'000'000);

/// The one that was started first; one that says nothing comes after all that do.
const Report& Earliest(const std::vector<Report>& reports) {
  return *std::min_element(reports.begin(), reports.end(), [](const Report& a, const Report& b) {
    return StartOf(a).value_or(absl::InfiniteFuture()) <
           StartOf(b).value_or(absl::InfiniteFuture());
  });
}

/// How much later than `origin` the report was started.
std::chrono::nanoseconds LaterThan(const std::optional<absl::Time>& origin, const Report& report) {
  const std::optional<absl::Time> start = StartOf(report);
  if (!origin || !start) return std::chrono::nanoseconds(0);
  return std::clamp(absl::ToChronoNanoseconds(*start - *origin), std::chrono::nanoseconds(0),
                    kLatest);
}

std::string MachineText(const MachineInfo& machine) {
  return absl::StrCat(OneLine(machine.cpu_model), ", ", machine.cpus, " CPUs, ",
                      OneLine(machine.kernel));
}

/// Two reports of one start with one command line are the same, or one is part of the other.
bool IsAgain(const Report& one, const Report& other) {
  return !one.started.empty() && one.started == other.started && one.seed == other.seed &&
         one.command_line == other.command_line &&
         MachineText(one.machine) == MachineText(other.machine);
}

/// Which report is there twice, if one is; both numbers count from 1.
std::optional<std::pair<size_t, size_t>> FindTwice(const std::vector<Report>& reports) {
  for (size_t later = 1; later < reports.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      if (IsAgain(reports[earlier], reports[later])) return std::pair(earlier + 1, later + 1);
    }
  }
  return std::nullopt;
}

/// What has been merged until now. Used once.
class Merger {
 public:
  Merger(const Report& first, const Report& earliest) : origin_(StartOf(earliest)) {
    merged_.program = first.program;
    merged_.started = earliest.started;
    merged_.machine = first.machine;
    merged_.seed = first.seed;
    merged_.slo = first.slo;
    merged_.command = "merge";
  }

  absl::Status Add(Report report) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::vector<size_t> targets, AddTargets(report.targets));
    const int blocks = Next(&ReportTrial::block);
    const int orders = Next(&ReportTrial::order);
    if (std::max(blocks, orders) > kMostPlaces) {
      return absl::InvalidArgumentError(
          "the reports cannot be merged: their trials have too large "
          "numbers of blocks");
    }
    const std::chrono::nanoseconds later = LaterThan(origin_, report);
    std::vector<size_t> places;
    for (Cell& cell : report.cells) {
      cell.target = targets[cell.target];
      for (ReportTrial& trial : cell.trials) {
        trial.block += blocks;
        trial.order += orders;
        trial.result.started = std::min(trial.result.started + later, kLatest);
        if (++trials_ > kMostReportTrials) {
          return absl::InvalidArgumentError(
              absl::StrCat("the reports cannot be merged: they have more than ", kMostReportTrials,
                           " trials together"));
        }
      }
      places.push_back(AddCell(std::move(cell)));
    }
    if (report.best && report.slo == merged_.slo) TakeBest(places[*report.best]);
    AddNotices(std::move(report.notices), report.machine);
    std::move(report.tables.begin(), report.tables.end(), std::back_inserter(merged_.tables));
    return absl::OkStatus();
  }

  Report Take() { return std::move(merged_); }

 private:
  /// What Evaluate finds it finds again.
  void AddNotices(std::vector<Notice> notices, const MachineInfo& machine) {
    for (Notice& notice : notices) {
      if (!notice.is_found) AddNotice(std::move(notice), &merged_.notices);
    }
    if (MachineText(machine) == MachineText(merged_.machine)) return;
    AddNotice(
        {Notice::Level::kWarning,
         absl::StrCat("the reports are of different machines (", MachineText(merged_.machine), "; ",
                      MachineText(machine), "): their numbers differ for that reason too")},
        &merged_.notices);
  }

  /// The number of each target in the merged report.
  absl::StatusOr<std::vector<size_t>> AddTargets(const std::vector<ReportTarget>& targets) {
    std::vector<size_t> places;
    for (const ReportTarget& target : targets) {
      const auto same = std::find_if(names_.begin(), names_.end(), [&target](const auto& name) {
        return name == std::pair(target.name, target.url);
      });
      places.push_back(static_cast<size_t>(same - names_.begin()));
      if (same == names_.end()) {
        names_.emplace_back(target.name, target.url);
        ReportTarget named = target;
        named.name = FreeTargetName(merged_.targets, target.name);
        merged_.targets.push_back(std::move(named));
        continue;
      }
      const ReportTarget& known = merged_.targets[places.back()];
      if (known.protocol != target.protocol || known.steps != target.steps) {
        return absl::InvalidArgumentError(
            absl::StrCat("the reports cannot be merged: their targets ", target.name, " at ",
                         target.url, " differ in protocol or steps; give one another --name"));
      }
    }
    return places;
  }

  size_t AddCell(Cell cell) {
    const auto same =
        std::find_if(merged_.cells.begin(), merged_.cells.end(), [&cell](const Cell& known) {
          return known.target == cell.target && known.load == cell.load &&
                 known.is_guard == cell.is_guard;
        });
    const auto place = static_cast<size_t>(same - merged_.cells.begin());
    if (same == merged_.cells.end()) {
      merged_.cells.push_back(std::move(cell));
    } else {
      std::move(cell.trials.begin(), cell.trials.end(), std::back_inserter(same->trials));
    }
    return place;
  }

  /// Of several searches the highest rate.
  void TakeBest(size_t cell) {
    const auto rate = [this](size_t i) { return merged_.cells[i].load.rate; };
    if (!merged_.best || rate(cell) > rate(*merged_.best)) merged_.best = cell;
  }

  /// The first number that no trial has.
  int Next(int ReportTrial::*number) const {
    int next = 0;
    for (const Cell& cell : merged_.cells) {
      for (const ReportTrial& trial : cell.trials) next = std::max(next, trial.*number + 1);
    }
    return next;
  }

  Report merged_;
  /// When the first of the reports was started.
  const std::optional<absl::Time> origin_;
  size_t trials_ = 0;
  /// Of the targets, as their reports had them.
  std::vector<std::pair<std::string, std::string>> names_;
};

}  // namespace

absl::StatusOr<Report> MergeReports(std::vector<Report> reports) {
  if (reports.empty()) return absl::InvalidArgumentError("there is no report to merge");
  const auto twice = FindTwice(reports);
  Merger merger(reports.front(), Earliest(reports));
  for (Report& report : reports) SLIPWAY_RETURN_IF_ERROR(merger.Add(std::move(report)));
  Report merged = merger.Take();
  if (twice) {
    AddNotice({Notice::Level::kInvalid,
               absl::StrCat("reports ", twice->first, " and ", twice->second,
                            " are the same one: its trials count twice, and intervals are narrower "
                            "than what was measured allows")},
              &merged.notices);
  }
  Evaluate(&merged);
  return merged;
}

}  // namespace slipway::client
