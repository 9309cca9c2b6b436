#include "client/engine/grpcpp_loop.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace slipway::client {
namespace {

gpr_timespec GrpcTime(rpc::Time when, rpc::Time now) {
  if (when == rpc::Time::max()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(when - now).count();
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(std::max<int64_t>(0, left), GPR_TIMESPAN));
}

}  // namespace

CqExecutor::CqExecutor() {
  wake_tag_.executor = this;
  wake_tag_.complete = [](CqTag* tag, bool) { static_cast<WakeTag*>(tag)->executor->RunPosted(); };
}

CqExecutor::~CqExecutor() {
  std::vector<Work> dropped;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(posted_);
  }
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {  // the alarm's, at most
  }
}

void CqExecutor::Post(Work work) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  posted_.push_back(std::move(work));
  if (std::exchange(wake_pending_, true)) return;
  wake_.Set(&queue_, gpr_now(GPR_CLOCK_MONOTONIC), &wake_tag_);
}

void CqExecutor::RunPosted() {
  std::vector<Work> batch;
  {
    const std::lock_guard lock(mutex_);
    wake_pending_ = false;
    batch.swap(posted_);
  }
  for (Work& work : batch) work();
}

void CqExecutor::RunUntil(const bool& done) {
  using NextStatus = grpc::CompletionQueue::NextStatus;
  while (!done) {
    void* tag = nullptr;
    bool ok = false;
    const rpc::Time due = timers_.earliest();
    if (queue_.AsyncNext(&tag, &ok, GrpcTime(due, Now())) == NextStatus::GOT_EVENT) {
      auto* const completed = static_cast<CqTag*>(tag);
      completed->complete(completed, ok);
    }
    if (timers_.earliest() != rpc::Time::max() && timers_.earliest() <= Now()) {
      timers_.RunDue(Now());
    }
  }
}

}  // namespace slipway::client
