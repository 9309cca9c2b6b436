#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gateway/http/exchange.h"
#include "gateway/http/httplib/worker_loop.h"

namespace slipway::gateway {

class BlockingExchange;

/// What one thread of the pool has for itself. Used on its thread, but for the executor's Post.
struct HttplibWorker {
  std::unique_ptr<WorkerLoop> loop;
  std::unique_ptr<ExchangeHandler> handler;
  /// The exchange of the request being served; kept until its record is written.
  std::shared_ptr<BlockingExchange> current;
  bool woken = false;
};

/// The threads that serve connections, each from its first request to its last, one connection a
/// thread. While a thread has no connection its loop runs, so that its upstream stays connected.
/// Owned by the engine, which calls Start once; Enqueue may be called by any thread.
class WorkerPool {
 public:
  WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Fails when the system does not give as many threads, or what their loops need; then none is
  /// left.
  absl::Status Start(int workers, const WorkerLoops& loops);

  /// Runs what is queued, then joins the threads. The loops stay until the pool is destroyed: a
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
  /// The next connection, or nothing at the end. Waits with the loop running.
  Connection Next(HttplibWorker& worker);
  static void Wake(HttplibWorker& worker);

  std::vector<std::unique_ptr<HttplibWorker>> workers_;

  std::mutex mutex_;
  std::deque<Connection> queue_;      // guarded by mutex_
  std::vector<HttplibWorker*> idle_;  // guarded by mutex_
  bool stopping_ = false;             // guarded by mutex_

  std::vector<std::thread> threads_;
};

}  // namespace slipway::gateway
