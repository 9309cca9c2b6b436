#include "client/engine/epoll_loop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <utility>

#include "absl/status/status.h"

namespace slipway::client {
namespace {

constexpr size_t kEventsPerTurn = 256;

timespec ToTimespec(rpc::Duration duration) {
  const int64_t ns = std::chrono::nanoseconds(duration).count();
  return {static_cast<time_t>(ns / 1'000'000'000),
          static_cast<long>(ns % 1'000'000'000)};  // NOLINT
}

}  // namespace

EpollExecutor::EpollExecutor(bool has_pwait2)
    : has_pwait2_(has_pwait2),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(epoll_ < 0 ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (wake_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0) return;
  status_ = absl::ErrnoToStatus(errno, "cannot wait for events");
}

EpollExecutor::~EpollExecutor() {
  if (wake_ >= 0) close(wake_);
  if (epoll_ >= 0) close(epoll_);
}

void EpollExecutor::Post(Work work) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(work));
    has_posted_.store(true, std::memory_order_release);
  }
  if (!first) return;
  if (thread_ == std::this_thread::get_id()) {
    if (hosted_) attend_(rpc::Time::min());
    return;
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

int EpollExecutor::Watch(int fd, Handler* handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = handler;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void EpollExecutor::RunUntil(const bool& done) {
  thread_ = std::this_thread::get_id();
  // Waiting ends up to 50 us late otherwise, which would show in the pace of an open loop.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  while (!done) RunTurn();
}

void EpollExecutor::Host(std::function<void(rpc::Time)> attend) {
  thread_ = std::this_thread::get_id();
  attend_ = std::move(attend);
  hosted_ = true;
}

void EpollExecutor::RunPending() {
  // All of them: the other loop hears of the set only when something new comes into it.
  while (Dispatch(rpc::Duration::zero()) > 0) continue;
  if (timers_.earliest() != rpc::Time::max()) timers_.RunDue(Now());
  if (has_posted_.load(std::memory_order_acquire)) RunPosted();
  RunDeferred();
}

rpc::Duration EpollExecutor::Patience() const {
  const bool more = !deferred_.empty() || has_posted_.load(std::memory_order_acquire);
  if (more) return rpc::Duration::zero();
  const rpc::Time earliest = timers_.earliest();
  constexpr rpc::Duration kLongest = std::chrono::hours(1);
  if (earliest == rpc::Time::max()) return kLongest;
  return std::clamp(earliest - Now(), rpc::Duration::zero(), kLongest);
}

void EpollExecutor::RunTurn() {
  Dispatch(Patience());
  // What has come in the meantime belongs to the same batch.
  if (!deferred_.empty()) Dispatch(rpc::Duration::zero());
  if (timers_.earliest() != rpc::Time::max()) timers_.RunDue(Now());
  if (has_posted_.load(std::memory_order_acquire)) RunPosted();
  RunDeferred();
}

/// Like epoll_wait, but to the nanosecond.
int EpollExecutor::Wait(epoll_event* events, int size, rpc::Duration patience) {
  const timespec limit = ToTimespec(patience);
  if (has_pwait2_) {
    const int count = epoll_pwait2(epoll_, events, size, &limit, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    has_pwait2_ = false;
  }
  pollfd set{epoll_, POLLIN, 0};
  if (ppoll(&set, 1, &limit, nullptr) <= 0) return 0;
  return epoll_wait(epoll_, events, size, 0);
}

/// Waits for events and handles them; answers how many there were.
int EpollExecutor::Dispatch(rpc::Duration patience) {
  std::array<epoll_event, kEventsPerTurn> events;  // NOLINT: the kernel fills it
  const int count = Wait(events.data(), events.size(), patience);
  for (int i = 0; i < count; ++i) {
    // The eventfd has no handler and, being edge-triggered, need not be read.
    auto* handler = static_cast<Handler*>(events[i].data.ptr);
    if (handler != nullptr) handler->OnEvents(events[i].events);
  }
  return count;
}

void EpollExecutor::RunDeferred() {
  deferred_now_.swap(deferred_);
  for (Handler* handler : deferred_now_) handler->OnEvents(0);
  deferred_now_.clear();
}

void EpollExecutor::RunPosted() {
  RunDeferred();  // work may be what destroys a handler, after its last turn
  std::vector<Work> works;
  {
    const std::lock_guard lock(mutex_);
    works.swap(posted_);
    has_posted_.store(false, std::memory_order_relaxed);
  }
  for (Work& work : works) std::move(work)();
}

}  // namespace slipway::client
