#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rpc/call_context.h"
#include "rpc/status.h"
#include "rpc/task.h"
#include "rpc/waiters.h"

namespace slipway::rpc {

enum class MethodKind { kUnary, kServerStreaming, kClientStreaming, kBidiStreaming };

/// The messages of one call as its handler sees them, in bytes. Made by the transport; used on the
/// call's executor only. One reader and one writer may wait at the same time.
class ServerStream {
 public:
  enum class Op { kRead, kWrite };

  virtual ~ServerStream() = default;

  /// The next message of the caller, or nothing after its half-close or when it is gone.
  auto Read() {
    struct Awaiter : Awaited<Op::kRead> {
      std::optional<std::string> await_resume() { return this->stream.TakeMessage(); }
    };
    return Awaiter{{*this}};
  }
  /// Waits for room, then hands over one message; the first takes the context's initial metadata
  /// with it. False when the caller is gone.
  auto Write(std::string message) {
    struct Awaiter : Awaited<Op::kWrite> {
      std::string message;
      bool await_resume() { return this->stream.PutMessage(std::move(message)); }
    };
    return Awaiter{{*this}, std::move(message)};
  }

 protected:
  virtual bool Ready(Op op) const = 0;
  virtual std::optional<std::string> TakeMessage() = 0;
  virtual bool PutMessage(std::string message) = 0;
  /// For transports, after each change of state. The stream may be gone when this returns.
  void WakeReady() {
    waiters_.Wake([this](Op op) { return Ready(op); });
  }

 private:
  template <Op kOp>
  struct Awaited {
    ServerStream& stream;
    // A transport may begin the operation when it is asked whether it is ready.
    bool await_ready() { return stream.Ready(kOp); }
    void await_suspend(std::coroutine_handle<> handle) {
      stream.waiters_.Add(kOp, handle);
      stream.Begin(kOp);
    }
  };
  /// Somebody waits for `op` now: a transport that must ask for input does so here.
  virtual void Begin(Op op) { (void)op; }

  Waiters<Op, 2> waiters_;
};

/// A method's code. Both arguments outlive the task.
using Handler = std::function<Task<Status>(CallContext&, ServerStream&)>;

/// One method that the Dispatcher knows.
struct Method {
  /// `/pkg.Service/Method`.
  std::string path;
  MethodKind kind = MethodKind::kUnary;
  Handler handler;
};

/// Sees each call begin and end: logs and metrics. Called on the call's thread; must not block.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void Received(const CallContext& context) = 0;
  virtual void Answered(const CallContext& context, const Status& status, Duration elapsed) = 0;
};

/// The one table from method name to handler that every transport calls: the completion queues, the
/// blocking threads, the in-process upstream, the job workers. Immutable once built, so any thread
/// may use it.
class Dispatcher {
 public:
  class Builder {
   public:
    /// A later method replaces an earlier one of the same path.
    Builder& Add(Method method);
    /// `observer` must outlive the Dispatcher.
    Builder& Observe(CallObserver* observer);
    std::shared_ptr<const Dispatcher> Build() &&;

   private:
    std::vector<Method> methods_;
    std::vector<CallObserver*> observers_;
  };

  /// nullptr when there is no such method.
  const Method* Find(std::string_view path) const;
  const std::vector<Method>& methods() const { return methods_; }

  /// Runs the call from its first to its last line: observers, handler, status. A path that is not
  /// known answers UNIMPLEMENTED.
  Task<Status> Serve(CallContext& context, ServerStream& stream) const;

 private:
  std::vector<Method> methods_;
  absl::flat_hash_map<std::string, size_t> by_path_;
  std::vector<CallObserver*> observers_;
};

}  // namespace slipway::rpc
