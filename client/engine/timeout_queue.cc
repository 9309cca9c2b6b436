#include "client/engine/timeout_queue.h"

#include <utility>

namespace slipway::client {

TimeoutQueue::TimeoutQueue(rpc::Executor& executor, rpc::Duration time_to_live, Expired expired)
    : executor_(executor),
      time_to_live_(time_to_live),
      expired_(std::move(expired)),
      timer_(executor) {
  ring_.previous = ring_.next = &ring_;
}

void TimeoutQueue::Enter(Entry& entry, rpc::Time now) {
  entry.deadline = now + time_to_live_;
  entry.previous = ring_.previous;
  entry.next = &ring_;
  entry.previous->next = &entry;
  ring_.previous = &entry;
  if (!timer_.running()) timer_.Start(entry.deadline, [this] { RunDue(); });
}

void TimeoutQueue::Leave(Entry& entry) {
  if (!entry.queued()) return;
  entry.previous->next = entry.next;
  entry.next->previous = entry.previous;
  entry.previous = entry.next = nullptr;
}

void TimeoutQueue::RunDue() {
  const rpc::Time now = executor_.Now();
  while (ring_.next != &ring_ && ring_.next->deadline <= now) {
    Entry& entry = *ring_.next;
    Leave(entry);
    expired_(entry);
  }
  // The timer may be late by what has left the list since it was set, never early.
  if (ring_.next != &ring_ && !timer_.running()) {
    timer_.Start(ring_.next->deadline, [this] { RunDue(); });
  }
}

}  // namespace slipway::client
