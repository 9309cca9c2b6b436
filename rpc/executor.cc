#include "rpc/executor.h"

#include <utility>

namespace slipway::rpc {

Time TimerQueue::earliest() const { return heap_.empty() ? Time::max() : heap_.front()->when_; }

void TimerQueue::Place(size_t index, Timer* timer) {
  heap_[index] = timer;
  timer->index_ = index;
}

void TimerQueue::SiftUp(size_t index) {
  Timer* timer = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (heap_[parent]->when_ <= timer->when_) break;
    Place(index, heap_[parent]);
    index = parent;
  }
  Place(index, timer);
}

void TimerQueue::SiftDown(size_t index) {
  Timer* timer = heap_[index];
  for (size_t child; (child = 2 * index + 1) < heap_.size(); index = child) {
    if (child + 1 < heap_.size() && heap_[child + 1]->when_ < heap_[child]->when_) ++child;
    if (timer->when_ <= heap_[child]->when_) break;
    Place(index, heap_[child]);
  }
  Place(index, timer);
}

void TimerQueue::Insert(Timer* timer) {
  heap_.push_back(timer);
  timer->index_ = heap_.size() - 1;
  SiftUp(timer->index_);
}

void TimerQueue::Remove(Timer* timer) {
  const size_t index = std::exchange(timer->index_, Timer::kIdle);
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == timer) return;
  Place(index, last);
  SiftUp(index);
  SiftDown(last->index_);
}

void TimerQueue::RunDue(Time now) {
  // A callback that starts a timer already due must not keep this loop alive, so only as many run
  // as were there at the start.
  for (size_t budget = heap_.size(); budget > 0 && earliest() <= now; --budget) {
    Timer* timer = heap_.front();
    Remove(timer);
    Executor::Work callback = std::move(timer->callback_);
    callback();
  }
}

void Timer::Start(Time when, Executor::Work callback) {
  Cancel();
  if (when == Time::max()) return;
  when_ = when;
  callback_ = std::move(callback);
  TimerQueue& timers = executor_.timers_;
  const Time before = timers.earliest();
  timers.Insert(this);
  if (when < before) executor_.EarliestChanged(when);
}

void Timer::Cancel() {
  if (!running()) return;
  executor_.timers_.Remove(this);
  callback_ = nullptr;
}

}  // namespace slipway::rpc
