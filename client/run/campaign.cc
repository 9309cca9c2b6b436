#include "client/run/campaign.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rpc/executor.h"

namespace slipway::client {
namespace {

/// Fisher and Yates; std::shuffle may draw differently in another library.
std::vector<size_t> DrawOrder(size_t count, std::mt19937_64& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

/// One campaign under way.
class Campaign {
 public:
  Campaign(std::vector<Subject> subjects, const CampaignOptions& options,
           const CampaignHooks& hooks)
      : subjects_(std::move(subjects)), options_(options), hooks_(hooks), random_(options.seed) {
    for (const Subject& subject : subjects_) {
      Cell& cell = cells_.emplace_back();
      cell.target = subject.target;
      cell.load = subject.plan.load;
      cell.is_guard = subject.is_guard;
    }
  }

  absl::StatusOr<std::vector<Cell>> Run() {
    absl::Status status;
    for (int block = 0; Continues(status) && block < options_.trials; ++block) {
      status = Prepare(block);
      if (status.ok()) status = RunBlock(block);
    }
    if (order_ == 0) {
      if (!status.ok() && !absl::IsCancelled(status)) return status;
      return absl::CancelledError("interrupted before anything was measured");
    }
    if (status.ok()) return std::move(cells_);
    if (hooks_.ended_early) {
      hooks_.ended_early(status);
    } else if (!absl::IsCancelled(status)) {
      return status;
    }
    return std::move(cells_);
  }

 private:
  bool Continues(const absl::Status& status) const {
    return status.ok() && !interrupted_ && !IsOverBudget();
  }

  absl::Status Prepare(int block) {
    if (block == 0 || !hooks_.before_block) return absl::OkStatus();
    const absl::Status status = hooks_.before_block(&subjects_);
    if (status.ok()) return status;
    return absl::Status(status.code(), absl::StrCat("before block ", block + 1, " of ",
                                                    options_.trials, ": ", status.message()));
  }

  absl::Status RunBlock(int block) {
    for (const size_t index : DrawOrder(subjects_.size(), random_)) {
      // Other random values in each block, or the intervals would leave out what chance does; the
      // same within a block, so that pairs stay pairs.
      Plan plan = subjects_[index].plan;
      plan.seed += static_cast<uint64_t>(block);
      absl::StatusOr<TrialResult> result = hooks_.run(plan, order_ + 1, count());
      if (!result.ok()) return Failure(plan, result.status());
      interrupted_ = result->interrupted;
      Cell& cell = cells_[index];
      if (!interrupted_ || cell.trials.empty()) {
        cell.trials.push_back(ReportTrial{block, order_, *std::move(result)});
      }
      ++order_;
      if (interrupted_) break;
    }
    return absl::OkStatus();
  }

  absl::Status Failure(const Plan& plan, const absl::Status& status) const {
    if (order_ == 0) {
      return absl::Status(status.code(), absl::StrCat(plan.target.name, ": ", status.message()));
    }
    const bool cancelled = absl::IsCancelled(status);
    return absl::Status(
        status.code(),
        absl::StrCat("trial ", order_ + 1, " of ", count(), ", of ", plan.target.name, ",",
                     cancelled ? " was " : " failed: ", status.message()));
  }

  /// Of trials.
  int count() const { return options_.trials * static_cast<int>(subjects_.size()); }

  bool IsOverBudget() const {
    return options_.budget.count() > 0 && rpc::Clock::now() - begin_ >= options_.budget;
  }

  std::vector<Subject> subjects_;
  const CampaignOptions options_;
  const CampaignHooks& hooks_;
  std::mt19937_64 random_;
  const rpc::Time begin_ = rpc::Clock::now();
  std::vector<Cell> cells_;
  int order_ = 0;
  bool interrupted_ = false;
};

}  // namespace

absl::StatusOr<std::vector<Cell>> RunCampaign(std::vector<Subject> subjects,
                                              const CampaignOptions& options,
                                              const CampaignHooks& hooks) {
  return Campaign(std::move(subjects), options, hooks).Run();
}

}  // namespace slipway::client
