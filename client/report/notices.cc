#include "client/report/notices.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/report/evaluate.h"
#include "client/report/format.h"
#include "client/report/names.h"

namespace slipway::client {
namespace {

using Level = Notice::Level;

/// Requests that ended against those that were due.
constexpr double kReached = 0.97;
/// Below this share of the requests waits for streams are only worth a note.
constexpr double kManyStreamWaits = 0.01;
/// Slices and successes below which halves of a trial differ by chance.
constexpr size_t kFewestSlices = 4;
constexpr int64_t kFewestForDrift = 2000;
/// As many cells are named; the others are counted.
constexpr size_t kMostNames = 3;

/// One thing found of one cell.
struct Found {
  NoticeKind kind;
  Level level;
  size_t cell;
  /// Of several of the same kind the one with the largest is told.
  double size;
  std::string text;
};

/// The sums over a cell's trials that notices are made from.
struct Sums {
  explicit Sums(const Cell& cell) : tally(cell.Merged()) {
    for (const ReportTrial& trial : cell.trials) {
      const TrialResult& result = trial.result;
      const auto time = static_cast<double>(result.elapsed.count()) * result.threads;
      thread_time += time;
      elapsed += result.elapsed;
      generator += static_cast<double>(result.generator_cpu.count());
      busiest += static_cast<double>(result.elapsed.count()) * result.busiest_thread_share;
      waited += static_cast<double>(result.waited.count());
      steal += static_cast<double>(result.steal.count());
      machine_time += static_cast<double>(result.machine_time.count());
      finished += result.window.finished;
      offered += result.offered;
      cut_off += result.cut_off;
      interrupted += result.interrupted ? 1 : 0;
    }
  }
  static double Share(double part, double whole) { return whole <= 0 ? 0 : part / whole; }
  /// 0 of what is too short to tell.
  double generator_share() const {
    return elapsed < kShortestToJudge ? 0 : std::min(Share(generator, thread_time), 1.0);
  }
  /// Of its busiest thread, which may be at its limit while the others idle.
  double busiest_share() const {
    if (elapsed < kShortestToJudge) return 0;
    return std::max(Share(busiest, static_cast<double>(elapsed.count())), generator_share());
  }
  double waited_share() const {
    return elapsed < kShortestToJudge ? 0 : std::min(Share(waited, thread_time), 1.0);
  }
  double steal_share() const { return Share(steal, machine_time); }
  double failed_share() const {
    return Share(static_cast<double>(tally.failed()), static_cast<double>(tally.total()));
  }
  int64_t lag_p99() const { return tally.Of(Series::kLag).ValueAt(99); }

  Tally tally;
  std::chrono::nanoseconds elapsed{0};
  double thread_time = 0;
  double generator = 0;
  double busiest = 0;
  double waited = 0;
  double steal = 0;
  double machine_time = 0;
  int64_t finished = 0;
  int64_t offered = 0;
  int64_t cut_off = 0;
  int interrupted = 0;
};

/// Looks at one report. Used once.
class Inspector {
 public:
  explicit Inspector(const Report& report) : report_(report), failed_shares_(report.cells.size()) {}

  std::vector<Notice> Inspect() {
    for (const size_t cell : JudgedCells(report_)) {
      cell_ = cell;
      InspectCell(report_.cells[cell]);
    }
    Guards();
    FailureRates();
    return Notices();
  }

 private:
  void InspectCell(const Cell& cell) {
    if (cell.trials.empty()) return;
    const Sums sums(cell);
    failed_shares_[cell_] = sums.failed_share();
    Generator(sums);
    if (IsOpen(cell.load)) OpenLoop(cell.load, sums);
    Waits(sums);
    Failures(sums);
    Ends(sums);
    Drift(cell);
    Samples(cell);
  }

  void Add(NoticeKind kind, Level level, double size, std::string text) {
    findings_.push_back({kind, level, cell_, size, std::move(text)});
  }

  void Generator(const Sums& sums) {
    const double share = sums.busiest_share();
    std::string used = absl::StrCat(FormatShare(sums.generator_share()), " of its threads");
    if (share > sums.generator_share() + 0.005) {
      absl::StrAppend(&used, " (its busiest thread used ", FormatShare(share), ")");
    }
    if (share >= kSaturatedShare) {
      Add(NoticeKind::kGeneratorSaturated, Level::kInvalid, share,
          absl::StrCat("the generator was the bottleneck: it used ", used,
                       "; give it more --threads, or the server does not show its "
                       "limit"));
    } else if (share >= kBusyShare) {
      Add(NoticeKind::kGeneratorBusy, Level::kWarning, share,
          absl::StrCat("the generator used ", used,
                       ", which is near its own limit: give it more --threads"));
    }
    if (const double waited = sums.waited_share(); waited >= kMuchWaiting) {
      Add(NoticeKind::kWaitedForCore, Level::kWarning, waited,
          absl::StrCat("the generator waited for a core ", FormatShare(waited),
                       " of the time, which is in the latencies: the machine is too busy"));
    }
    if (const double steal = sums.steal_share(); steal > kMuchSteal) {
      Add(NoticeKind::kSteal, Level::kWarning, steal,
          absl::StrCat("the hypervisor took ", FormatShare(steal),
                       " of the cores' time, which is in the latencies"));
    }
  }

  void OpenLoop(const LoadShape& load, const Sums& sums) {
    const bool late = sums.lag_p99() > kMuchLag;
    if (late) {
      Add(NoticeKind::kLag, Level::kWarning, static_cast<double>(sums.lag_p99()),
          absl::StrCat("requests started late, by ",
                       FormatNanoseconds(static_cast<double>(sums.lag_p99())),
                       " at p99 of the lag; their latencies count from when they were due"));
    }
    const double reached =
        Sums::Share(static_cast<double>(sums.finished), static_cast<double>(sums.offered));
    if (sums.offered == 0 || reached >= kReached || !(late || sums.cut_off > 0)) return;
    Add(NoticeKind::kRateNotReached, Level::kWarning, 1 - reached,
        absl::StrCat("only ", FormatShare(reached),
                     " of the requests that were due ended in the measured time: ",
                     WhyNotReached(load, sums, late)));
  }

  static std::string WhyNotReached(const LoadShape& load, const Sums& sums, bool late) {
    if (sums.busiest_share() >= kBusyShare) return "the generator has no CPU time left";
    if (sums.waited_share() >= kMuchWaiting) return "the generator got no core";
    if (late) {
      return absl::StrCat("all ", FormatCount(load.concurrency),
                          " that may be in flight were: the target is too slow for this rate, or "
                          "--concurrency is too small");
    }
    return "the target had not answered them yet";
  }

  void Waits(const Sums& sums) {
    const Histogram& waits = sums.tally.Of(Series::kStreamWait);
    if (waits.count() == 0) return;
    const double share =
        Sums::Share(static_cast<double>(waits.count()), static_cast<double>(sums.tally.total()));
    Add(NoticeKind::kStreamWait, share >= kManyStreamWaits ? Level::kWarning : Level::kNote, share,
        absl::StrCat(FormatCount(waits.count()), " requests (", FormatShare(std::min(share, 1.0)),
                     ") waited because the peer allows no more streams on a connection, ",
                     FormatNanoseconds(static_cast<double>(waits.ValueAt(99))),
                     " at p99: more --connections would show whether it can do more"));
  }

  void Failures(const Sums& sums) {
    if (sums.tally.total() == 0) {
      Add(NoticeKind::kNothingMeasured, Level::kWarning, 1,
          "no request ended: nothing is measured");
    }
    const double share = sums.failed_share();
    if (share <= kManyFailures) return;
    std::string text = absl::StrCat(FormatShare(share), " of the requests failed (",
                                    FormatCount(sums.tally.failed()), " of ",
                                    FormatCount(sums.tally.total()), ")");
    const auto& sorts = sums.tally.failures();
    const auto most = std::max_element(
        sorts.begin(), sorts.end(),
        [](const Failure& one, const Failure& other) { return one.count < other.count; });
    if (most != sorts.end()) absl::StrAppend(&text, ", mostly ", SortName(most->kind, most->code));
    Add(NoticeKind::kFailures, Level::kWarning, share, std::move(text));
  }

  void Ends(const Sums& sums) {
    if (sums.cut_off > 0) {
      Add(NoticeKind::kCutOff, Level::kWarning, static_cast<double>(sums.cut_off),
          absl::StrCat(FormatCount(sums.cut_off), sums.cut_off == 1 ? " request" : " requests",
                       " had not ended when waiting for them did; no latency knows of them"));
    }
    if (sums.interrupted > 0) {
      Add(NoticeKind::kInterrupted, Level::kWarning, 1, "interrupted before its end");
    }
  }

  void Drift(const Cell& cell) {
    if (cell.load.model == LoadModel::kSchedule) return;  // it is meant to change
    size_t drifting = 0;
    double worst = 0;
    for (const ReportTrial& trial : cell.trials) {
      const double drift = DriftOf(trial.result).value_or(0);
      if (std::abs(drift) > kMuchDrift) ++drifting;
      if (std::abs(drift) > std::abs(worst)) worst = drift;
    }
    if (drifting == 0) return;
    Add(NoticeKind::kDrift, 2 * drifting >= cell.trials.size() ? Level::kWarning : Level::kNote,
        std::abs(worst),
        absl::StrCat("the second half of ",
                     cell.trials.size() == 1
                         ? "the measured time"
                         : absl::StrCat(drifting, " of ", cell.trials.size(), " trials"),
                     " served up to ", FormatShare(std::abs(worst)), worst < 0 ? " less" : " more",
                     " than the first: this is no steady state"));
  }

  void Samples(const Cell& cell) {
    int64_t fewest = INT64_MAX;
    for (const ReportTrial& trial : cell.trials) {
      fewest = std::min(fewest, trial.result.tally.ok());
    }
    if (fewest == 0 || EnoughFor(99, fewest)) return;
    Add(NoticeKind::kFewSamples, Level::kNote, -static_cast<double>(fewest),
        absl::StrCat("p99 and above need 1,000 successes in each trial; there were ",
                     FormatCount(fewest)));
  }

  void Guards() {
    std::vector<const Ratio*> asked;
    for (const Ratio& ratio : report_.ratios) {
      if (!report_.cells[ratio.other].is_guard || !ratio.ratio.is_interval) continue;
      if (IsJudged(report_, ratio)) asked.push_back(&ratio);
    }
    for (const Ratio* const ratio : asked) {
      Guard(*ratio, 1 - (1 - kConfidence) / static_cast<double>(asked.size()));
    }
  }

  void Guard(const Ratio& ratio, double confidence) {
    const std::optional<Estimate> wide = RatioOf(report_, ratio, confidence);
    if (!wide) return;
    const double missed = std::max(wide->low - 1, 1 - wide->high);
    if (missed <= 0) return;
    cell_ = ratio.base;
    Add(NoticeKind::kGuard, missed > kGuardTolerance ? Level::kInvalid : Level::kWarning, missed,
        absl::StrCat("the same target measured twice differs: the ratio of its ",
                     std::string(MetricName(ratio.metric)), " is ", FormatRatio(wide->low), "–",
                     FormatRatio(wide->high), " (", absl::StrFormat("%.4g", 100 * confidence),
                     " % interval), without 1; differences of this size mean nothing here"));
  }

  /// Latencies of successes are not comparable when another part of the requests failed.
  void FailureRates() {
    for (const Ratio& ratio : report_.ratios) {
      if (report_.cells[ratio.other].is_guard || ratio.metric != Metric::kGeneratorCpu) continue;
      const double base = failed_shares_[ratio.base];
      const double other = failed_shares_[ratio.other];
      if (std::abs(base - other) <= kManyFailures) continue;
      cell_ = ratio.other;
      Add(NoticeKind::kFailuresDiffer, Level::kWarning, std::abs(base - other),
          absl::StrCat("failures differ, ", FormatShare(other), " against ", FormatShare(base),
                       " of ", report_.targets[report_.cells[ratio.base].target].name,
                       ": the other numbers are not of the same work"));
    }
  }

  /// `A at 64 in flight, B at 64 in flight and 4 more: `
  std::string Names(const std::vector<const Found*>& findings) const {
    std::vector<std::string> names;
    for (const Found* finding : findings) {
      std::string name = CellName(report_, finding->cell);
      if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) continue;
      names.push_back(std::move(name));
    }
    if (names.empty()) return "";
    const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
    names.resize(names.size() - more);
    return absl::StrCat(absl::StrJoin(names, ", "),
                        more > 0 ? absl::StrCat(" and ", more, " more") : "", ": ");
  }

  std::vector<Notice> Notices() const {
    std::vector<Notice> notices;
    for (int kind = 0; kind <= static_cast<int>(NoticeKind::kFewSamples); ++kind) {
      std::vector<const Found*> same;
      for (const Found& finding : findings_) {
        if (finding.kind == static_cast<NoticeKind>(kind)) same.push_back(&finding);
      }
      if (same.empty()) continue;
      std::stable_sort(same.begin(), same.end(), [](const Found* one, const Found* other) {
        return std::pair(one->level, one->size) > std::pair(other->level, other->size);
      });
      const std::string names = Names(same);
      notices.push_back({same[0]->level, absl::StrCat(names, same[0]->text), /*is_found=*/true});
    }
    std::stable_sort(notices.begin(), notices.end(), [](const Notice& one, const Notice& other) {
      return one.level > other.level;
    });
    return notices;
  }

  const Report& report_;
  std::vector<double> failed_shares_;  // by cell
  size_t cell_ = 0;
  std::vector<Found> findings_;
};

}  // namespace

std::optional<double> DriftOf(const TrialResult& result) {
  const Timeline& timeline = result.timeline;
  if (timeline.interval().count() <= 0) return std::nullopt;
  // The last slice is mostly a part of one.
  const auto whole = static_cast<size_t>(
      std::max<int64_t>(result.elapsed.count() / timeline.interval().count(), 0));
  const size_t slices = std::min(timeline.slices().size(), whole) / 2 * 2;
  if (slices < kFewestSlices) return std::nullopt;
  int64_t halves[2] = {0, 0};
  for (size_t i = 0; i < slices; ++i) {
    halves[i < slices / 2 ? 0 : 1] += timeline.slices()[i].ok.count();
  }
  if (halves[0] + halves[1] < kFewestForDrift || halves[0] == 0) return std::nullopt;
  return static_cast<double>(halves[1] - halves[0]) / static_cast<double>(halves[0]);
}

void AddNotice(Notice notice, std::vector<Notice>* notices) {
  const bool known = std::any_of(notices->begin(), notices->end(), [&notice](const Notice& other) {
    return other.level == notice.level && other.text == notice.text;
  });
  if (!known) notices->push_back(std::move(notice));
}

std::vector<Notice> NoticesOf(const Report& report) { return Inspector(report).Inspect(); }

}  // namespace slipway::client
