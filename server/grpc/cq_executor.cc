#include "server/grpc/cq_executor.h"

#include <grpc/support/time.h>

#include <utility>

namespace slipway::server {
namespace {

gpr_timespec GrpcTime(rpc::Time when, rpc::Time now) {
  if (when == rpc::Time::max()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(when - now).count();
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(left > 0 ? left : 0, GPR_TIMESPAN));
}

}  // namespace

CqExecutor::CqExecutor(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)) {
  wake_tag_.executor = this;
  wake_tag_.complete = [](CqTag* tag, bool) { static_cast<WakeTag*>(tag)->executor->RunPosted(); };
}

void CqExecutor::Post(Work work) {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  posted_.push_back(std::move(work));
  if (std::exchange(wake_pending_, true)) return;
  wake_.Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC), &wake_tag_);
}

void CqExecutor::RunPosted() {
  std::vector<Work> batch;
  {
    std::lock_guard lock(mutex_);
    wake_pending_ = false;
    batch.swap(posted_);
  }
  for (Work& work : batch) work();
}

void CqExecutor::Run() {
  using NextStatus = grpc::CompletionQueue::NextStatus;
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    const rpc::Time due = timers_.earliest();
    const NextStatus next = queue_->AsyncNext(&tag, &ok, GrpcTime(due, Now()));
    if (next == NextStatus::SHUTDOWN) return;
    if (next == NextStatus::GOT_EVENT) {
      auto* completed = static_cast<CqTag*>(tag);
      completed->complete(completed, ok);
    }
    if (timers_.earliest() <= Now()) timers_.RunDue(Now());
  }
}

void CqExecutor::Close() {
  std::vector<Work> dropped;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(posted_);
  }
  queue_->Shutdown();
}

}  // namespace slipway::server
