#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "client/engine/engine.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"

namespace slipway::client {

/// Ends requests that could not even be sent. They end from the loop, never inside Issue: a closed
/// loop whose requests all fail at once would else never come to its timers. Owned by an issuer;
/// what waits is dropped with it. One thread.
class Refusals {
 public:
  explicit Refusals(rpc::Executor& executor) : executor_(executor) {}
  Refusals(const Refusals&) = delete;
  Refusals& operator=(const Refusals&) = delete;
  ~Refusals() { *alive_ = false; }

  /// `listener` outlives this.
  void Report(Engine::Listener& listener, uint32_t slot, std::string message) {
    executor_.Post([this, alive = alive_, &listener, slot, message = std::move(message)] {
      if (!*alive) return;
      Outcome outcome;
      outcome.kind = OutcomeKind::kUnexpected;
      outcome.message = message;
      listener.Done(slot, outcome, executor_.Now());
    });
  }

 private:
  rpc::Executor& executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Hears what engines report when an issuer that listened has stopped.
inline Engine::Listener* NobodyListens() {
  class Nobody : public Engine::Listener {
    void Done(uint32_t, const Outcome&, rpc::Time) override {}
  };
  static Nobody nobody;
  return &nobody;
}

}  // namespace slipway::client
