#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/engine/request.h"
#include "client/measure/outcome.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::client {

/// What an engine has counted since it was made.
struct EngineCounts {
  /// Bytes written: HTTP/1.1 all bytes, HTTP/2 the bodies, gRPC the messages.
  uint64_t bytes_sent = 0;
  /// Connections that were opened after Connect had ended.
  uint64_t reconnects = 0;
};

/// Issues the requests of one thread, whatever the protocol. Made, used and destroyed on the thread
/// of the executor it was made with. Requests are told apart by slots, small numbers below the
/// concurrency; a slot carries one request at a time.
class Engine {
 public:
  /// A request in the engine's own bytes. Immutable.
  class Encoded {
   public:
    virtual ~Encoded() = default;
  };

  /// Who hears how requests ended. Calls may come while Issue is still running.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// The request in `slot` has ended at `now`; the slot may be issued again at once, from inside.
    virtual void Done(uint32_t slot, const Outcome& outcome, rpc::Time now) = 0;
    /// A message of a stream has come, `latency` after the last one, or after what it answers where
    /// client and server take turns.
    virtual void Message(uint32_t slot, rpc::Duration latency) {}
  };

  virtual ~Engine() = default;

  /// Establishes all connections, so that none of that is measured. An error names the address and
  /// the reason.
  virtual rpc::Task<absl::Status> Connect(rpc::Deadline deadline) = 0;
  /// A Connect that is under way ends soon, with CANCELLED; without one nothing happens.
  virtual void CancelConnect() {}
  /// `listener` outlives the engine.
  virtual void Listen(Listener* listener) = 0;
  /// INVALID_ARGUMENT names what cannot be sent: a method, a header. Before and after Connect.
  virtual absl::StatusOr<std::unique_ptr<const Encoded>> Encode(const Request& request) = 0;
  /// Sends `request`, which this engine has encoded and which stays until it has ended, in `slot`,
  /// which is free. It ends by itself within the engine's timeout.
  virtual void Issue(uint32_t slot, const Encoded& request, rpc::Time now) = 0;
  /// Cancels what is in flight and closes the connections. Nothing is reported from its start on,
  /// and nothing runs when it has ended: only then the engine may be destroyed.
  virtual rpc::Task<void> Shutdown() = 0;
  virtual EngineCounts counts() const = 0;
};

}  // namespace slipway::client
