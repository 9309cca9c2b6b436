#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// Issues the requests of one thread, whatever the protocol. Made, used and destroyed on the thread
/// of the executor it was made with. Requests are told apart by slots, small numbers below the
/// concurrency; a slot carries one request at a time.
class Engine {
 public:
  /// Who hears how requests ended: the thread's driver.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The request in `slot` has ended at `now`; the slot may be issued again at once, from inside.
    /// May come while Issue is still running.
    virtual void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) = 0;
  };

  virtual ~Engine() = default;

  /// Establishes all connections, so that none of that is measured. An error names the address and
  /// the reason.
  virtual rpc::Task<absl::Status> Connect(rpc::Deadline deadline) = 0;
  /// `listener` outlives the engine.
  virtual void Listen(Listener* listener) = 0;
  /// Sends the request in `slot`, which is free. It ends by itself within the engine's timeout.
  virtual void Issue(uint32_t slot, rpc::Time now) = 0;
  /// Cancels what is in flight and closes the connections. Nothing is reported from its start on,
  /// and nothing runs when it has ended: only then the engine may be destroyed.
  virtual rpc::Task<void> Shutdown() = 0;
  /// Bytes written so far: HTTP all bytes, gRPC the messages.
  virtual uint64_t bytes_sent() const = 0;
};

}  // namespace slipway::client
