#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace slipway::jobs {

/// A lane's questions for leases that have no answer yet, and the jobs whose cancellation arrived
/// meanwhile: their lease may be on its way, and is void. Forgets a job as soon as no question is
/// open that was asked before its cancellation. Used on the worker's thread.
class Questions {
 public:
  /// Answers the number of a new question.
  uint64_t Ask() {
    open_.insert(++last_);
    return last_;
  }
  /// The question was answered with the lease of `job`, or without one (empty). True if the job was
  /// cancelled meanwhile.
  bool Answered(uint64_t number, const std::string& job) {
    open_.erase(number);
    const auto found = cancelled_.find(job);
    const bool cancelled = found != cancelled_.end() && number <= found->second;
    const uint64_t oldest = open_.empty() ? last_ + 1 : *open_.begin();
    std::erase_if(cancelled_, [&](const auto& entry) { return entry.second < oldest; });
    return cancelled;
  }
  void Cancelled(const std::string& job) {
    if (!open_.empty()) cancelled_[job] = last_;
  }

  size_t open() const { return open_.size(); }
  /// Jobs that are remembered.
  size_t cancelled() const { return cancelled_.size(); }

 private:
  uint64_t last_ = 0;
  std::set<uint64_t> open_;
  std::map<std::string, uint64_t> cancelled_;  // the last question before it
};

}  // namespace slipway::jobs
