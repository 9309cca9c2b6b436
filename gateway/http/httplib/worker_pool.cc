#include "gateway/http/httplib/worker_pool.h"

#include <utility>

#include "gateway/http/httplib/blocking_exchange.h"

namespace slipway::gateway {
namespace {

thread_local HttplibWorker* current_worker = nullptr;

}  // namespace

WorkerPool::WorkerPool(int workers, HandlerFactory factory) : factory_(std::move(factory)) {
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<HttplibWorker>());
  for (const auto& worker : workers_) threads_.emplace_back([this, &worker] { Run(*worker); });
}

WorkerPool::~WorkerPool() { Join(); }

void WorkerPool::Join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (HttplibWorker* worker : idle_) Wake(*worker);
    idle_.clear();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

HttplibWorker& WorkerPool::Current() { return *current_worker; }

void WorkerPool::Wake(HttplibWorker& worker) {
  worker.executor.Post([&worker] { worker.woken = true; });
}

void WorkerPool::Enqueue(Connection connection) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(connection));
  if (idle_.empty()) return;
  Wake(*idle_.back());
  idle_.pop_back();
}

void WorkerPool::PostToAll(const std::function<void(HttplibWorker&)>& work) {
  for (const auto& worker : workers_) {
    worker->executor.Post([work, &worker = *worker] { work(worker); });
  }
}

void WorkerPool::Run(HttplibWorker& worker) {
  current_worker = &worker;
  worker.handler = factory_(worker.executor);
  while (Connection connection = Next(worker)) connection();
  worker.current.reset();
  worker.handler.reset();
}

WorkerPool::Connection WorkerPool::Next(HttplibWorker& worker) {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!queue_.empty()) {
        Connection connection = std::move(queue_.front());
        queue_.pop_front();
        return connection;
      }
      if (stopping_) return {};
      idle_.push_back(&worker);
    }
    worker.woken = false;
    RunExecutorUntil(worker.executor, worker.woken);
  }
}

}  // namespace slipway::gateway
