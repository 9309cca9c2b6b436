#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/permit.h"
#include "gateway/http/async/listener.h"
#include "gateway/http/async/unique_fd.h"
#include "gateway/http/async/worker.h"
#include "gateway/http/engine.h"
#include "gateway/http/recorder.h"

namespace slipway::gateway {

/// The HTTP/1.1 engine on event loops. The first worker's thread accepts and deals the connections
/// to all workers in turn; a connection stays on its thread.
///
/// MakeAsyncEngine makes it; see HttpEngine for who calls what.
class AsyncEngine final : public HttpEngine {
 public:
  AsyncEngine(EngineOptions options, HandlerFactory factory, Recorder& recorder);
  /// Drains without grace if Drain was not called; waits until the handlers in flight have ended.
  ~AsyncEngine() override;

  absl::Status Start() override;
  std::vector<int> ports() const override;
  void Drain(std::chrono::milliseconds grace) override;

 private:
  void OnConnection(UniqueFd fd, std::string peer);
  void RefuseConnection(const UniqueFd& fd, const std::string& peer);
  void StopListening();

  const EngineOptions options_;
  const HandlerFactory factory_;
  Recorder& recorder_;
  base::PermitPool permits_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // on the first worker's thread
  size_t next_worker_ = 0;                            // on the first worker's thread
  bool running_ = false;
};

}  // namespace slipway::gateway
