#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/permit.h"
#include "base/reason.h"
#include "gateway/http/async/input_buffer.h"
#include "gateway/http/async/peer_socket.h"
#include "gateway/http/async/refusal.h"
#include "gateway/http/async/thread_context.h"
#include "gateway/http/async/unique_fd.h"
#include "rpc/executor.h"
#include "rpc/task.h"

namespace slipway::gateway {

class AsyncExchange;

/// One accepted connection: reads requests one after the other and has each answered in order.
/// While it waits for a request it is only this object; a coroutine runs from the end of a head to
/// the end of its answer.
///
/// One wait for readability is outstanding for all of its life, also while a request is served:
/// what comes then is kept for the body's reader or as the next request, up to a bound at which
/// reading pauses, and an end or an error is how we learn that the peer is gone.
///
/// Everything happens on the thread of its context. The Worker owns it; it asks to be buried when
/// its socket is closed, no wait is outstanding and no handler runs.
class Connection {
 public:
  Connection(ThreadContext& thread, UniqueFd fd, std::string peer, base::Permit permit);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void Start();
  /// Closes it now if it is idle, else after the answer. One that was used just now gets a moment
  /// more, because its client may have sent the next request already.
  void BeginDrain();
  /// Closes it now; a handler hears that the peer is gone.
  void Cut();

  // What its exchange asks for.
  const std::string& peer() const { return peer_; }
  InputBuffer& input() { return input_; }
  /// Input was used: reading goes on if it had paused.
  void OnInputUsed();
  /// Tries to read more input; false if there is none now. The peer's end is left to the wait.
  bool TryReceive();
  /// One gathered write, as much as goes now.
  IoStatus TryWrite(PendingWrite& pending);
  /// Tells the exchange when more can be written, or that the peer is gone if that takes too long.
  void WaitWritable();

 private:
  friend class Worker;
  enum class Phase {
    kIdle,      ///< between requests
    kHead,      ///< a head is coming
    kExchange,  ///< a handler, or the engine's refusal, is at work
    kLinger,    ///< all is sent; what the peer still sends is dropped
  };

  void WaitReadable();
  void OnReadable();
  void OnWritable();
  void OnTimer();
  void CloseUnlessAsked();
  IoStatus Receive();
  void Linger();

  void Advance();
  void BeginHead();
  bool ParseHead();
  void BeginRefusal(Refusal refusal);
  rpc::Task<void> Serve();
  rpc::Task<void> Refuse(Refusal refusal);
  void EndExchange();

  void BeginIdle(rpc::Time now);
  void BeginLinger(rpc::Time now);
  void Gone(base::Reason reason);
  void Close();
  void Settle();
  void ArmTimer();
  bool WantsInput() const;

  ThreadContext& thread_;
  PeerSocket socket_;
  std::string peer_;
  base::Permit permit_;
  InputBuffer input_;
  std::unique_ptr<AsyncExchange> exchange_;  // from the first byte of a head to the answer's end
  rpc::Timer timer_;
  rpc::Time timer_due_{};
  rpc::Time deadline_ = rpc::Time::max();        // of the phase
  rpc::Time write_deadline_ = rpc::Time::max();  // of a send that is blocked
  rpc::Time last_used_{};
  size_t linger_left_ = 0;
  std::list<Connection>::iterator self_;  // for the Worker
  Phase phase_ = Phase::kIdle;
  bool waiting_readable_ = false;
  bool waiting_writable_ = false;
  bool write_failed_ = false;
  bool advancing_ = false;
  bool closed_ = false;
  bool buried_ = false;
};

}  // namespace slipway::gateway
