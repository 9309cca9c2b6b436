#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "client/engine/engine.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"

namespace slipway::client {

/// Turns "the request of this slot is due" into what an engine sends: the same bytes each time, a
/// template filled in, or several requests one after the other. Stands between the driver, which
/// decides when, and the engines, which know how. One for each thread, used there.
class Issuer {
 public:
  /// The thread's driver.
  class Listener : public Engine::Listener {
   public:
    /// One step of several has ended: `step` is its number in the plan. The last one is reported
    /// too, and Done follows.
    virtual void Step(uint32_t slot, size_t step, const Outcome& outcome, rpc::Duration latency) {}
  };

  virtual ~Issuer() = default;
  /// `listener` outlives the issuer.
  virtual void Listen(Listener* listener) = 0;
  /// Starts what belongs to one request in `slot`, which is free. Ends with Listener::Done.
  virtual void Issue(uint32_t slot, rpc::Time now) = 0;
  /// Nothing more is sent or reported, also not of requests that take several steps. Before the
  /// engines are shut down; what they were given stays until then.
  virtual void Stop() {}
};

}  // namespace slipway::client
