#include "jobs/service/watch.h"

#include <algorithm>
#include <utility>

namespace slipway::jobs {

JobWatch::JobWatch(Store& store) {
  subscription_ = store.OnEvent([this](absl::Span<const JobEvent> events) { Tell(events); });
}

void JobWatch::Stop() {
  std::unique_ptr<EventSignal::Subscription> ending;
  {
    const std::lock_guard lock(mutex_);
    ending = std::move(subscription_);
    stopped_ = true;
    for (const auto& [id, state] : watchers_) Post(state);
  }
  // The subscription ends here, without the mutex: the end waits for a Tell that runs, and that may
  // wait for the mutex.
}

void JobWatch::Tell(absl::Span<const JobEvent> events) {
  if (count_.load() == 0) return;
  const std::lock_guard lock(mutex_);
  for (const JobEvent& event : events) {
    const auto [first, last] = watchers_.equal_range(event.after.id);
    for (auto watcher = first; watcher != last; ++watcher) Post(watcher->second);
  }
}

/// With the mutex held: the watcher, and so its executor, cannot go meanwhile.
void JobWatch::Post(const std::shared_ptr<State>& state) {
  if (state->on_its_way.exchange(true)) return;
  state->executor.Post([state] { state->Arrive(); });
}

void JobWatch::State::Arrive() {
  // Before the read that follows: a change that found the wake on its way is seen by that read.
  on_its_way.exchange(false);
  changed = true;
  Wake();
}

void JobWatch::State::Wake() {
  if (waiter) std::exchange(waiter, nullptr).resume();
}

JobWatch::Watcher::Watcher(JobWatch& watch, rpc::CallContext& context, std::string id)
    : watch_(watch), context_(context), state_(std::make_shared<State>(context.executor())) {
  // Before the first read of the store, so that either the writer sees the count or the read sees
  // what was written.
  watch_.count_.fetch_add(1);
  const std::lock_guard lock(watch_.mutex_);
  place_ = watch_.watchers_.emplace(std::move(id), state_);
}

JobWatch::Watcher::~Watcher() {
  state_->waiter = nullptr;
  {
    const std::lock_guard lock(watch_.mutex_);
    watch_.watchers_.erase(place_);
  }
  watch_.count_.fetch_sub(1);
}

struct JobWatch::Watcher::Wait {
  Watcher& watcher;

  explicit Wait(Watcher& watcher) : watcher(watcher) {}
  Wait(const Wait&) = delete;
  ~Wait() { watcher.state_->waiter = nullptr; }

  bool await_ready() const {
    return watcher.state_->changed || watcher.watch_.stopped() || !watcher.context_.Alive().ok();
  }
  void await_suspend(std::coroutine_handle<> handle) { watcher.state_->waiter = handle; }
  void await_resume() { watcher.state_->changed = false; }
};

rpc::Task<void> JobWatch::Watcher::Changed(rpc::Time until) {
  rpc::Timer timer(context_.executor());
  timer.Start(std::min(until, context_.deadline()), [this] { state_->Wake(); });
  rpc::CallContext::CancelHook hook(context_, [this] { state_->Wake(); });
  Wait wait(*this);
  co_await wait;
}

}  // namespace slipway::jobs
