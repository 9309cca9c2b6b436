#pragma once

#include <memory>
#include <utility>

#include "rpc/client_call.h"
#include "rpc/dispatcher.h"

namespace slipway::rpc {

/// Calls a Dispatcher of this process: no socket, no serialisation of metadata, no other thread.
/// The handler runs on the caller's executor. Owned by the thread it serves.
class InProcessUpstream : public Upstream {
 public:
  InProcessUpstream(std::shared_ptr<const Dispatcher> dispatcher, Executor& executor)
      : dispatcher_(std::move(dispatcher)), executor_(executor) {}

  std::unique_ptr<ClientCall> NewCall() override;
  Executor& executor() override { return executor_; }

 private:
  std::shared_ptr<const Dispatcher> dispatcher_;
  Executor& executor_;
};

}  // namespace slipway::rpc
