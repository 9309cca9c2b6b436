#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <mutex>
#include <vector>

#include "client/engine/loop.h"
#include "rpc/executor.h"

namespace slipway::client {

/// What stands behind a `void*` of a completion queue: a function for one operation's end. The
/// object it sits in must live until the tag has come.
struct CqTag {
  void (*complete)(CqTag* self, bool ok) = nullptr;
};

/// The executor of a thread that empties one completion queue of the gRPC C++ library: operations,
/// posted work and timers all end on that thread. Timers need no alarm: the wait for the next tag
/// ends when the first is due. An alarm only wakes the thread for posted work. The library waits in
/// whole milliseconds, so a timer may come by as much too late.
///
/// One thread runs it; Post may be called by any.
class CqExecutor : public rpc::Executor {
 public:
  CqExecutor();
  CqExecutor(const CqExecutor&) = delete;
  CqExecutor& operator=(const CqExecutor&) = delete;
  /// No operation may be under way.
  ~CqExecutor() override;

  void Post(Work work) override;
  rpc::Time Now() const override { return rpc::Clock::now(); }
  grpc::CompletionQueue* queue() { return &queue_; }

  /// Runs on this thread until `done` is true.
  void RunUntil(const bool& done);

 protected:
  void EarliestChanged(rpc::Time) override {}  // RunUntil reads it anew before it waits

 private:
  struct WakeTag : CqTag {
    CqExecutor* executor = nullptr;
  };
  void RunPosted();

  grpc::CompletionQueue queue_;
  WakeTag wake_tag_;

  std::mutex mutex_;
  std::vector<Work> posted_;   // guarded by mutex_
  grpc::Alarm wake_;           // guarded by mutex_
  bool wake_pending_ = false;  // guarded by mutex_: the alarm is set and its tag has not come
  bool closed_ = false;        // guarded by mutex_
};

/// The loop of the engine that uses the gRPC C++ library.
class CqLoop : public Loop {
 public:
  CqExecutor& executor() override { return executor_; }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }

 private:
  CqExecutor executor_;
};

}  // namespace slipway::client
