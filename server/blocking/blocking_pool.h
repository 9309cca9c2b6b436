#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "rpc/dispatcher.h"
#include "rpc/thread_executor.h"

namespace slipway::server {

/// `--threading blocking`: the same handlers, each holding one of W threads until it has answered,
/// as a WSGI server works. It exists for the comparison with the completion queues.
///
/// Unary calls wait in one queue, first in first out, for a worker; a worker that sleeps serves
/// nobody else. Streams (reflection, health's Watch) stay on the completion queue: they would hold
/// a worker for as long as a client likes. Dispatch's handlers may be called on any executor.
/// Destroying the pool joins its threads; the calls through it must have ended.
class BlockingPool {
 public:
  BlockingPool(int workers, std::shared_ptr<const rpc::Dispatcher> inner);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// RESOURCE_EXHAUSTED when the system gave fewer threads; those that it gave work.
  const absl::Status& started() const { return started_; }

  /// The methods of `inner`, the unary ones run by the pool. The pool outlives it.
  std::shared_ptr<const rpc::Dispatcher> Dispatch();

 private:
  struct Job;

  rpc::Task<rpc::Status> Serve(rpc::CallContext& context, rpc::ServerStream& stream);
  void Enqueue(std::shared_ptr<Job> job);
  std::shared_ptr<Job> Next();
  void Work();
  static void RunJob(const rpc::Dispatcher& inner, Job& job);

  std::shared_ptr<const rpc::Dispatcher> inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> waiting_;  // guarded by mutex_
  bool stopped_ = false;                      // guarded by mutex_
  absl::Status started_;
  std::vector<std::thread> threads_;
};

}  // namespace slipway::server
