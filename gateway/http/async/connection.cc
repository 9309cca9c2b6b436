#include "gateway/http/async/connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/http/async/async_exchange.h"

namespace slipway::gateway {
namespace {

using std::chrono::milliseconds;

/// Input that waits behind a request which is being served; reading pauses above it.
constexpr size_t kMostWaitingInput = 64 * 1024;
/// What is read and dropped after the last answer, so that closing does not destroy it on its way:
/// a socket closed with unread input is reset.
constexpr size_t kMostLingerBytes = 256 * 1024;
constexpr milliseconds kLongestLinger{1000};
/// How long a connection that was just used is kept for a request on its way when the engine ends.
constexpr milliseconds kDrainIdle{500};

size_t InputLimit(const EngineLimits& limits) {
  return std::max(limits.max_head_bytes, kMostWaitingInput) + BufferPool::kBlockBytes;
}

}  // namespace

Connection::Connection(ThreadContext& thread, UniqueFd fd, std::string peer, base::Permit permit)
    : thread_(thread),
      socket_(thread.executor.context(), std::move(fd)),
      peer_(std::move(peer)),
      permit_(std::move(permit)),
      input_(thread.buffers, InputLimit(thread.limits)),
      timer_(thread.executor) {}

Connection::~Connection() = default;

void Connection::Start() {
  BeginIdle(thread_.executor.Now());
  Settle();
}

// ---- Events ----

void Connection::WaitReadable() {
  waiting_readable_ = true;
  socket_.WaitReadable([this](const boost::system::error_code&) { OnReadable(); });
}

void Connection::OnReadable() {
  waiting_readable_ = false;
  if (closed_) {
    Settle();
    return;
  }
  if (phase_ == Phase::kLinger) {
    Linger();
    return;
  }
  const IoStatus status = write_failed_ ? IoStatus::kEnded : Receive();
  if (status == IoStatus::kEnded) {
    Gone(base::Reason::kPeerGone);
  } else if (status == IoStatus::kDone && phase_ == Phase::kExchange) {
    exchange_->OnReadable();
  } else if (status == IoStatus::kDone) {
    Advance();
  }
  Settle();
}

IoStatus Connection::Receive() {
  const std::span<char> space = input_.Space();
  if (space.empty()) return IoStatus::kBlocked;
  const IoResult result = socket_.Read(space);
  input_.Commit(result.bytes);
  return result.status;
}

bool Connection::TryReceive() {
  // An end is seen by the wait, which tells the exchange from the event loop and not from inside a
  // call of its handler.
  return !closed_ && Receive() == IoStatus::kDone;
}

void Connection::OnInputUsed() {
  if (!closed_ && !waiting_readable_ && !advancing_) WaitReadable();
}

void Connection::WaitWritable() {
  waiting_writable_ = true;
  if (write_deadline_ == rpc::Time::max()) {
    write_deadline_ = thread_.executor.Now() + thread_.limits.write_deadline;
    ArmTimer();
  }
  socket_.WaitWritable([this](const boost::system::error_code&) { OnWritable(); });
}

void Connection::OnWritable() {
  waiting_writable_ = false;
  if (!closed_ && phase_ == Phase::kExchange) exchange_->OnWritable();
  Settle();
}

IoStatus Connection::TryWrite(PendingWrite& pending) {
  if (closed_ || write_failed_) return IoStatus::kEnded;
  const IoResult result = socket_.Write(pending);
  if (result.status != IoStatus::kBlocked) write_deadline_ = rpc::Time::max();
  if (result.status == IoStatus::kEnded) {
    // The readable wait completes with the error and tells the exchange; it must be outstanding
    // even if reading has paused.
    write_failed_ = true;
    OnInputUsed();
  }
  return result.status;
}

void Connection::OnTimer() {
  const rpc::Time now = thread_.executor.Now();
  if (write_deadline_ <= now) {
    Gone(base::Reason::kWriteTimeout);
  } else if (deadline_ <= now) {
    deadline_ = rpc::Time::max();
    if (phase_ == Phase::kExchange) {
      exchange_->OnBodyDeadline();
    } else if (phase_ == Phase::kHead) {
      BeginRefusal({408, base::Reason::kHeadTimeout,
                    "the request's head did not arrive within " +
                        std::to_string(thread_.limits.head_deadline.count()) + " ms"});
    } else {
      CloseUnlessAsked();
    }
  }
  Settle();
}

void Connection::CloseUnlessAsked() {
  // On a busy thread a timer may run before the event of a request that came in time.
  if (phase_ == Phase::kIdle && Receive() == IoStatus::kDone) {
    Advance();
  } else {
    Close();
  }
}

// ---- Requests ----

void Connection::Advance() {
  if (advancing_) return;
  advancing_ = true;
  while (!closed_ && !input_.empty() && (phase_ == Phase::kIdle || phase_ == Phase::kHead)) {
    if (phase_ == Phase::kIdle) BeginHead();
    if (!ParseHead()) break;
  }
  advancing_ = false;
}

void Connection::BeginHead() {
  const rpc::Time now = thread_.executor.Now();
  exchange_ = thread_.TakeExchange();
  exchange_->Begin(*this, now);
  phase_ = Phase::kHead;
  deadline_ = now + thread_.limits.head_deadline;
}

bool Connection::ParseHead() {
  size_t used = 0;
  const RequestParser::Progress progress = exchange_->parser().ParseHead(input_.view(), &used);
  input_.Consume(used);
  if (progress == RequestParser::Progress::kNeedMore) return false;
  if (progress == RequestParser::Progress::kRefused) {
    BeginRefusal(exchange_->parser().refusal());
    return true;
  }
  phase_ = Phase::kExchange;
  deadline_ = exchange_->head().has_body ? thread_.executor.Now() + thread_.limits.body_deadline
                                         : rpc::Time::max();
  rpc::Spawn(Serve());
  return true;
}

void Connection::BeginRefusal(Refusal refusal) {
  phase_ = Phase::kExchange;
  deadline_ = rpc::Time::max();
  rpc::Spawn(Refuse(std::move(refusal)));
}

rpc::Task<void> Connection::Serve() {
  co_await thread_.handler->Handle(*exchange_);
  if (exchange_->unanswered() && !closed_) {
    // Named, because g++ 12 destroys a braced temporary in a co_await twice.
    Refusal refusal{500, base::Reason::kInternal, "the request was not answered by its handler"};
    co_await exchange_->Refuse(std::move(refusal));
  }
  EndExchange();
}

rpc::Task<void> Connection::Refuse(Refusal refusal) {
  co_await exchange_->Refuse(std::move(refusal));
  EndExchange();
}

void Connection::EndExchange() {
  const rpc::Time now = thread_.executor.Now();
  exchange_->Record(now);
  const bool finished = exchange_->finished();
  const bool reusable = exchange_->reusable();
  const bool input_left = exchange_->input_left();
  thread_.GiveExchange(std::move(exchange_));
  phase_ = Phase::kIdle;
  deadline_ = rpc::Time::max();
  if (closed_) {
    // Settle buries it.
  } else if (reusable && !thread_.draining) {
    BeginIdle(now);
  } else if (reusable) {
    BeginIdle(now);
    BeginDrain();
  } else if (finished && input_left) {
    BeginLinger(now);
  } else {
    Close();
  }
  Advance();
  if (!advancing_) Settle();
}

void Connection::BeginIdle(rpc::Time now) {
  phase_ = Phase::kIdle;
  last_used_ = now;
  deadline_ = now + thread_.limits.idle_timeout;
}

void Connection::BeginLinger(rpc::Time now) {
  socket_.ShutdownSend();
  phase_ = Phase::kLinger;
  deadline_ = now + kLongestLinger;
  const size_t had = input_.size();
  input_.Clear();
  linger_left_ = kMostLingerBytes - std::min(had, kMostLingerBytes);
}

void Connection::Linger() {
  const IoStatus status = Receive();
  const size_t dropped = input_.size();
  input_.Clear();
  if (status == IoStatus::kEnded || dropped >= linger_left_) {
    Close();
  } else {
    linger_left_ -= dropped;
  }
  Settle();
}

// ---- The end ----

void Connection::BeginDrain() {
  if (closed_ || phase_ != Phase::kIdle) return;
  deadline_ = std::min(deadline_, last_used_ + kDrainIdle);
  if (input_.empty() && deadline_ <= thread_.executor.Now()) CloseUnlessAsked();
  if (!advancing_) Settle();
}

void Connection::Cut() {
  Gone(base::Reason::kShuttingDown);
  Settle();
}

void Connection::Gone(base::Reason reason) {
  const bool served = phase_ == Phase::kExchange && !closed_;
  Close();
  if (!served) return;
  exchange_->MarkGone(reason);
  exchange_->NotifyGone();
  // Each step may let the handler finish, and with it the exchange.
  if (exchange_ != nullptr) exchange_->WakeReader();
  if (exchange_ != nullptr) exchange_->WakeWriter();
}

void Connection::Close() {
  if (closed_) return;
  closed_ = true;
  socket_.Close();
  input_.Clear();
  timer_.Cancel();
  if (exchange_ != nullptr && phase_ != Phase::kExchange) {
    thread_.GiveExchange(std::move(exchange_));
  }
}

bool Connection::WantsInput() const {
  return phase_ != Phase::kExchange || write_failed_ || input_.size() < kMostWaitingInput;
}

void Connection::Settle() {
  input_.ReleaseIfEmpty();
  if (!closed_) {
    if (!waiting_readable_ && WantsInput()) WaitReadable();
    ArmTimer();
    return;
  }
  const bool in_use = waiting_readable_ || waiting_writable_ || phase_ == Phase::kExchange;
  if (!in_use && !std::exchange(buried_, true)) thread_.bury(*this);
}

void Connection::ArmTimer() {
  // A timer that is due too early is left alone and started anew when it fires, so a connection in
  // use touches its timer once in an idle timeout and not once a request.
  const rpc::Time due = std::min(deadline_, write_deadline_);
  if (due == rpc::Time::max() || (timer_.running() && timer_due_ <= due)) return;
  timer_due_ = due;
  timer_.Start(due, [this] { OnTimer(); });
}

}  // namespace slipway::gateway
