#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/engine/loop.h"
#include "rpc/executor.h"

namespace slipway::client {

/// An executor that waits with epoll itself: sockets are registered once for their lives,
/// edge-triggered, and one system call waits for sockets, timers and posted work together. A
/// general event loop would cost several for each turn, which a load of small requests feels.
///
/// One thread runs it, and only that one uses it; Post may be called by any.
class EpollExecutor : public rpc::Executor {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Something may have changed: a hint only, since an event of a socket that was closed and
    /// opened again within one turn comes as well. `events` are epoll's; none of them: the turn
    /// that Defer was called for is ending.
    virtual void OnEvents(uint32_t events) = 0;
  };

  /// Kernels before 5.11 and some sandboxes have no epoll_pwait2, which is noticed then: false
  /// tries the way without it.
  explicit EpollExecutor(bool has_pwait2 = true);
  EpollExecutor(const EpollExecutor&) = delete;
  EpollExecutor& operator=(const EpollExecutor&) = delete;
  ~EpollExecutor() override;

  /// RESOURCE_EXHAUSTED and its like: the kernel refused what this waits with. It must not be run.
  const absl::Status& status() const { return status_; }

  void Post(Work work) override;
  rpc::Time Now() const override { return rpc::Clock::now(); }

  /// Reports reading, writing and hang-ups of `fd` to `handler` until `fd` is closed. After that
  /// `handler` stays until posted work runs, since events of the turn are under way. 0 or an errno:
  /// the kernel lacks memory, or the user watches too much.
  int Watch(int fd, Handler* handler);

  /// Calls `handler` once more, with no events, before the loop sleeps next. Requests that are sent
  /// together wake their server once instead of one by one, and so do its answers us.
  void Defer(Handler* handler) {
    deferred_.push_back(handler);
    if (hosted_ && deferred_.size() == 1) attend_(rpc::Time::min());
  }

  /// Runs on this thread until `done` is true.
  void RunUntil(const bool& done);

  /// Lets another loop of this thread run this executor instead. `attend` asks for a RunPending at
  /// that time, at once when it is in the past; what is on the descriptor() asks for one as well.
  /// Before anything else is done with it.
  void Host(std::function<void(rpc::Time)> attend);
  /// Readable when there are events.
  int descriptor() const { return epoll_; }
  /// Handles all that is there now, without waiting.
  void RunPending();
  /// When the first timer is due; Time::max() when there is none.
  rpc::Time earliest() const { return timers_.earliest(); }

 private:
  /// RunUntil looks at it in each turn.
  void EarliestChanged(rpc::Time when) override {
    if (hosted_) attend_(when);
  }
  void RunTurn();
  void RunPosted();
  void RunDeferred();
  int Dispatch(rpc::Duration patience);
  int Wait(epoll_event* events, int size, rpc::Duration patience);
  rpc::Duration Patience() const;

  std::atomic<std::thread::id> thread_{};  // the one that runs this
  std::function<void(rpc::Time)> attend_;  // of the loop that runs this
  bool hosted_ = false;
  bool has_pwait2_;
  absl::Status status_;
  int epoll_ = -1;
  int wake_ = -1;  // an eventfd: work was posted by another thread
  std::vector<Handler*> deferred_;
  std::vector<Handler*> deferred_now_;
  std::mutex mutex_;
  std::vector<Work> posted_;  // guarded by mutex_
  std::atomic<bool> has_posted_{false};
};

/// The loop of the HTTP/1.1 engine.
class EpollLoop : public Loop {
 public:
  EpollExecutor& executor() override { return executor_; }
  absl::Status status() const override { return executor_.status(); }
  EpollExecutor* epoll() override { return &executor_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  EpollExecutor executor_;
};

}  // namespace slipway::client
