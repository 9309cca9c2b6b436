#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rpc/completion.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// How a delivery ended.
enum class Delivered {
  kTaken,  // the receiver took it, and the job is gone
  kStays,  // it did not, and the job stays
};

/// Where polls of one token meet, so that they make one delivery. It exists from the first poll's
/// beginning to the last one's end: also a poll that comes, or goes on, between the delivery's end
/// and the other's finds how it ended, and does not find the job gone instead. Any thread.
class Meeting {
 public:
  using Completion = rpc::Completion<Delivered>;

  /// True once: whoever gets it makes the delivery, and ends it.
  bool Begin() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(begun_, true);
  }
  bool begun() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

  /// Waits for the end of the delivery that has begun, on `executor`.
  static rpc::Task<Delivered> Wait(std::shared_ptr<Meeting> meeting, rpc::Executor& executor) {
    auto completion = std::make_shared<Completion>(executor);
    meeting->Add(completion);
    auto wait = Completion::Wait(completion);
    co_return co_await std::move(wait);
  }

 private:
  friend class Meetings;

  void Add(const std::shared_ptr<Completion>& completion) {
    std::optional<Delivered> outcome;
    {
      const std::lock_guard lock(mutex_);
      outcome = outcome_;
      if (!outcome) waiting_.push_back(completion);
    }
    if (outcome) completion->Resolve(*outcome);
  }
  /// Answers who is to be told.
  std::vector<std::shared_ptr<Completion>> End(Delivered outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = outcome;
    return std::move(waiting_);
  }

  mutable std::mutex mutex_;
  // All guarded by mutex_:
  bool begun_ = false;
  std::optional<Delivered> outcome_;
  std::vector<std::shared_ptr<Completion>> waiting_;
};

/// The meetings that there are, by what polls have in common. Any thread.
class Meetings {
 public:
  /// That of `key`, made if there is none.
  std::shared_ptr<Meeting> Join(const std::string& key);
  /// The delivery of `meeting`, which the caller lets go of, is over. If the job stays, polls that
  /// come from now on meet anew and deliver anew.
  void End(const std::string& key, std::shared_ptr<Meeting> meeting, Delivered outcome);

 private:
  /// Shared with the meetings, which take themselves out when they go.
  struct Table {
    std::mutex mutex;
    std::unordered_map<std::string, std::weak_ptr<Meeting>> meetings;  // guarded by mutex
  };

  std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

}  // namespace slipway::jobs
