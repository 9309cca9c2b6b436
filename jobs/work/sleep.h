#pragma once

#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::jobs {

/// Waits on the thread of `executor`; may be destroyed while it waits. For what ends with a call
/// there is CallContext::Sleep.
inline rpc::Task<void> Sleep(rpc::Executor& executor, rpc::Duration duration) {
  rpc::WaitSlot over;
  rpc::Timer timer(executor);
  timer.Start(executor.Now() + duration, [&over] { over.Wake(); });
  co_await over.Wait();
}

}  // namespace slipway::jobs
