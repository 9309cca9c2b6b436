#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gateway/http/engine.h"
#include "rpc/io_executor.h"

namespace slipway::gateway {

class BlockingExchange;

/// What one thread of the pool has for itself. Used on its thread, but for executor.Post.
struct HttplibWorker {
  rpc::IoExecutor executor;
  std::unique_ptr<ExchangeHandler> handler;
  /// The exchange of the request being served; kept until its record is written.
  std::shared_ptr<BlockingExchange> current;
  bool woken = false;
};

/// The threads that serve connections, each from its first request to its last, one connection a
/// thread. While a thread has no connection its executor runs, so that its upstream stays
/// connected. Owned by the engine; Enqueue may be called by any thread.
class WorkerPool {
 public:
  WorkerPool(int workers, HandlerFactory factory);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Runs what is queued, then joins the threads. The executors stay until the pool is destroyed: a
  /// cancelled call may still be answered on one. Idempotent.
  void Join();

  using Connection = std::function<void()>;
  void Enqueue(Connection connection);

  /// Runs `work` on each thread's executor: between two steps of its exchange, or while it is idle.
  void PostToAll(const std::function<void(HttplibWorker&)>& work);

  /// The worker of the calling thread, which must be one of a pool.
  static HttplibWorker& Current();

 private:
  void Run(HttplibWorker& worker);
  /// The next connection, or nothing at the end. Waits with the executor running.
  Connection Next(HttplibWorker& worker);
  static void Wake(HttplibWorker& worker);

  const HandlerFactory factory_;
  std::vector<std::unique_ptr<HttplibWorker>> workers_;

  std::mutex mutex_;
  std::deque<Connection> queue_;      // guarded by mutex_
  std::vector<HttplibWorker*> idle_;  // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_

  std::vector<std::thread> threads_;
};

}  // namespace slipway::gateway
