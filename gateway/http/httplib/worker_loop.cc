#include "gateway/http/httplib/worker_loop.h"

#include <utility>

#include "rpc/io_executor.h"
#include "rpc/thread_executor.h"

namespace slipway::gateway {
namespace {

/// The wake-up, the poll set and the timer of an event loop, and the connection to the backend.
constexpr int kSocketLoopDescriptors = 4;

class SocketLoop final : public WorkerLoop {
 public:
  explicit SocketLoop(const HandlerFactory& factory) : factory_(factory) {}

  rpc::Executor& executor() override { return executor_; }
  std::unique_ptr<ExchangeHandler> MakeHandler() override { return factory_(executor_); }
  void RunUntil(const bool& done) override {
    executor_.context().restart();  // an io_context that ran out of work does nothing until then
    executor_.RunUntil(done);
  }
  /// A GOAWAY must not be noticed only after the call has been sent on a dead connection.
  void CatchUp() override {
    executor_.context().restart();
    executor_.context().poll();
  }

 private:
  const HandlerFactory factory_;
  rpc::IoExecutor executor_;
};

class LocalLoop final : public WorkerLoop {
 public:
  explicit LocalLoop(const LocalHandlerFactory& factory) : factory_(factory) {}

  rpc::Executor& executor() override { return executor_; }
  std::unique_ptr<ExchangeHandler> MakeHandler() override { return factory_(executor_); }
  void RunUntil(const bool& done) override { executor_.RunUntil(done); }
  /// No peer speaks to this loop: what was posted can wait until it runs.
  void CatchUp() override {}

 private:
  const LocalHandlerFactory factory_;
  rpc::ThreadExecutor executor_;
};

}  // namespace

WorkerLoops SocketLoops(HandlerFactory factory) {
  return {[factory = std::move(factory)] { return std::make_unique<SocketLoop>(factory); },
          kSocketLoopDescriptors};
}

WorkerLoops LocalLoops(LocalHandlerFactory factory) {
  return {[factory = std::move(factory)] { return std::make_unique<LocalLoop>(factory); }, 0};
}

}  // namespace slipway::gateway
