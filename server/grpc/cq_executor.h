#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <memory>
#include <mutex>
#include <vector>

#include "rpc/executor.h"

namespace slipway::server {

/// What stands behind a `void*` of a completion queue: a function for one operation's end. The
/// object it sits in must live until the tag has come.
struct CqTag {
  void (*complete)(CqTag* self, bool ok);
};

/// The executor of a thread that empties one completion queue: operations, posted work and timers
/// all end on that thread. Timers need no alarm: the wait for the next tag ends when the first is
/// due.
///
/// Post may be called by any thread, Run by one, once. Nothing may reach a queue that has been shut
/// down, so Close comes first: what is posted after it is dropped.
class CqExecutor : public rpc::Executor {
 public:
  explicit CqExecutor(std::unique_ptr<grpc::ServerCompletionQueue> queue);

  void Post(Work work) override;
  rpc::Time Now() const override { return rpc::Clock::now(); }

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

  /// Empties the queue until it has been closed and the last tag has come.
  void Run();
  /// Takes no more work and shuts the queue down. Only on the executor's thread or before Run,
  /// when no operation will be started any more.
  void Close();

 protected:
  void EarliestChanged(rpc::Time) override {}  // Run reads it anew before it waits

 private:
  struct WakeTag : CqTag {
    CqExecutor* executor;
  };
  void RunPosted();

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  WakeTag wake_tag_;

  std::mutex mutex_;
  std::vector<Work> posted_;   // guarded by mutex_
  grpc::Alarm wake_;           // guarded by mutex_
  bool wake_pending_ = false;  // guarded by mutex_: the alarm is set and its tag has not come
  bool closed_ = false;        // guarded by mutex_
};

}  // namespace slipway::server
