#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rpc/executor.h"
#include "rpc/metadata.h"
#include "rpc/status.h"
#include "rpc/task.h"
#include "rpc/waiters.h"

namespace slipway::rpc {

/// What a call is started with.
struct CallSpec {
  /// As on the wire: `/pkg.Service/Method`.
  std::string method;
  Metadata metadata;
  Deadline deadline = kNoDeadline;
  /// Who caused the call, for logs and metrics: an address, or empty.
  std::string peer;
};

/// How a call ended.
struct CallResult {
  Status status;
  Metadata trailers;
};

/// One RPC in flight as its client sees it, whatever the transport: HTTP/2 (wire/) or in process.
///
/// Everything happens on the thread of the executor the call was made on. Start comes first and
/// once. One reader and one writer may wait at the same time; one message is buffered per
/// direction, which is the flow control. Every call ends: when Finish has answered nothing more
/// happens. Destroying a call that has not ended cancels it. Errors appear in Finish only: a read
/// that yields nothing and a write that answers false mean that the call is over or ending.
class ClientCall {
 public:
  enum class Op { kInitialMetadata, kRead, kWrite, kFinish };

  virtual ~ClientCall() = default;

  virtual void Start(CallSpec spec) = 0;
  /// Half-closes: no more Write after this.
  virtual void WritesDone() = 0;
  /// The call ends with CANCELLED unless it has ended already.
  virtual void Cancel() = 0;

  /// Waits for the first metadata of the answer; empty for one that has only trailers.
  auto InitialMetadata() {
    struct Awaiter : Awaited<Op::kInitialMetadata> {
      const Metadata& await_resume() { return this->call.initial_metadata(); }
    };
    return Awaiter{{*this}};
  }
  /// The next message, or nothing when there are no more.
  auto Read() {
    struct Awaiter : Awaited<Op::kRead> {
      std::optional<std::string> await_resume() { return this->call.TakeMessage(); }
    };
    return Awaiter{{*this}};
  }
  /// Waits for room, then hands over one message. False when the call is ending.
  auto Write(std::string message) {
    struct Awaiter : Awaited<Op::kWrite> {
      std::string message;
      bool await_resume() { return this->call.PutMessage(std::move(message)); }
    };
    return Awaiter{{*this}, std::move(message)};
  }
  /// Waits for the end. Messages that were not read are dropped. Once.
  auto Finish() {
    struct Awaiter : Awaited<Op::kFinish> {
      bool await_ready() {
        this->call.StopReading();
        return Awaited<Op::kFinish>::await_ready();
      }
      CallResult await_resume() { return this->call.TakeResult(); }
    };
    return Awaiter{{*this}};
  }

 protected:
  /// True when `op` would answer without waiting. Once the call has ended every operation is ready.
  virtual bool Ready(Op op) const = 0;
  virtual const Metadata& initial_metadata() const = 0;
  virtual std::optional<std::string> TakeMessage() = 0;
  virtual bool PutMessage(std::string message) = 0;
  /// From now on messages are dropped as they come.
  virtual void StopReading() = 0;
  virtual CallResult TakeResult() = 0;

  /// For transports, after each change of state: resumes who waits for what has become ready. The
  /// call may be gone when this returns. Never from inside Start, Write, WritesDone or Cancel's
  /// caller.
  void WakeReady() {
    waiters_.Wake([this](Op op) { return Ready(op); });
  }

 private:
  template <Op kOp>
  struct Awaited {
    ClientCall& call;
    bool await_ready() { return call.Ready(kOp); }
    void await_suspend(std::coroutine_handle<> handle) { call.waiters_.Add(kOp, handle); }
  };

  Waiters<Op, 4> waiters_;
};

/// Makes calls to one backend from one executor. Owned by the thread it serves; used there only.
class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual std::unique_ptr<ClientCall> NewCall() = 0;
  virtual Executor& executor() = 0;
  /// Whether a call started now would find a connection; in process always.
  virtual bool ready() const { return true; }
};

/// What a unary call answered. `message` is meaningful only when the status is OK.
struct UnaryResult {
  Status status;
  std::string message;
  Metadata initial_metadata;
  Metadata trailers;
};

/// One whole unary call over `call`, which must be new and outlive the task. An OK status without a
/// message, or with a second one, becomes INTERNAL (gRPC: unary cardinality).
Task<UnaryResult> CallUnary(ClientCall& call, CallSpec spec, std::string request);

}  // namespace slipway::rpc
