#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "rpc/executor.h"

namespace slipway::client {

/// The deadlines of requests that all have the same time to live, so the order of their start is
/// that of their deadlines: a linked list through the requests and one timer, where entering and
/// leaving cost nothing. Used on the executor's thread only.
class TimeoutQueue {
 public:
  /// A request's place in the list. It must not be destroyed while it is in.
  struct Entry {
    rpc::Time deadline;
    Entry* previous = nullptr;
    Entry* next = nullptr;
    bool queued() const { return previous != nullptr; }
  };
  /// Gets each entry whose time has come, when it has left the list.
  using Expired = absl::AnyInvocable<void(Entry&)>;

  /// `time_to_live` is above zero.
  TimeoutQueue(rpc::Executor& executor, rpc::Duration time_to_live, Expired expired);
  TimeoutQueue(const TimeoutQueue&) = delete;
  TimeoutQueue& operator=(const TimeoutQueue&) = delete;

  /// `now` never runs backwards; `entry` is not in a list.
  void Enter(Entry& entry, rpc::Time now);
  /// Does nothing when `entry` is not in.
  static void Leave(Entry& entry);

 private:
  void RunDue();

  rpc::Executor& executor_;
  const rpc::Duration time_to_live_;
  Expired expired_;
  Entry ring_;  // next is the first to expire, previous the last
  rpc::Timer timer_;
};

}  // namespace slipway::client
