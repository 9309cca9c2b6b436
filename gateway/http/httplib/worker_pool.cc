#include "gateway/http/httplib/worker_pool.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/httplib/blocking_exchange.h"

namespace slipway::gateway {
namespace {

thread_local HttplibWorker* current_worker = nullptr;

}  // namespace

absl::Status WorkerPool::Start(int workers, const WorkerLoops& loops) {
  try {
    for (int i = 0; i < workers; ++i) {
      workers_.push_back(std::make_unique<HttplibWorker>());
      workers_.back()->loop = loops.make();
    }
    for (const auto& worker : workers_) threads_.emplace_back([this, &worker] { Run(*worker); });
  } catch (const std::exception& error) {
    Join();
    return absl::ResourceExhaustedError(
        absl::StrCat("--workers ", workers, ": the system does not give what they need (",
                     error.what(), "; see ulimit -u and ulimit -n)"));
  }
  return absl::OkStatus();
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
  worker.loop->executor().Post([&worker] { worker.woken = true; });
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
    worker->loop->executor().Post([work, &worker = *worker] { work(worker); });
  }
}

void WorkerPool::Run(HttplibWorker& worker) {
  current_worker = &worker;
  worker.handler = worker.loop->MakeHandler();
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
    worker.loop->RunUntil(worker.woken);
  }
}

}  // namespace slipway::gateway
