#include "client/run/campaign.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
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
    for (int block = 0; block < options_.trials && !interrupted_ && !IsOverBudget(); ++block) {
      if (block > 0 && hooks_.before_block) {
        SLIPWAY_RETURN_IF_ERROR(hooks_.before_block(&subjects_));
      }
      SLIPWAY_RETURN_IF_ERROR(RunBlock(block));
    }
    const bool empty = std::all_of(cells_.begin(), cells_.end(),
                                   [](const Cell& cell) { return cell.trials.empty(); });
    if (empty) return absl::CancelledError("interrupted before anything was measured");
    return std::move(cells_);
  }

 private:
  absl::Status RunBlock(int block) {
    for (const size_t index : DrawOrder(subjects_.size(), random_)) {
      const Plan& plan = subjects_[index].plan;
      const auto started = rpc::Clock::now() - begin_;
      const int all = options_.trials * static_cast<int>(subjects_.size());
      absl::StatusOr<TrialResult> result = hooks_.run(plan, order_ + 1, all);
      if (absl::IsCancelled(result.status())) interrupted_ = true;
      if (interrupted_) return absl::OkStatus();
      if (!result.ok()) {
        return absl::Status(result.status().code(),
                            absl::StrCat(plan.target.name, ": ", result.status().message()));
      }
      interrupted_ = result->interrupted;
      result->started = started;
      Cell& cell = cells_[index];
      if (!interrupted_ || cell.trials.empty()) {
        cell.trials.push_back(ReportTrial{block, order_, *std::move(result)});
      }
      ++order_;
      if (interrupted_) break;
    }
    return absl::OkStatus();
  }

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
