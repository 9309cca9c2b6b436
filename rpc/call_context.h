#pragma once

#include <coroutine>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/client_call.h"
#include "rpc/executor.h"
#include "rpc/metadata.h"
#include "rpc/status.h"

namespace slipway::rpc {

/// True for a correlation id that may be passed on: 1 to 128 of `A-Z a-z 0-9 . _ -`.
bool ValidCorrelationId(std::string_view id);
/// A new random UUID (RFC 4122, version 4), lower case. Any thread.
std::string NewCorrelationId();
/// The metadata key of a correlation id.
inline constexpr std::string_view kCorrelationIdKey = "x-correlation-id";

/// One call as its handler sees it: who asks, until when, whether it is still wanted. Owned by the
/// transport, outlives the handler; used on the call's executor only.
class CallContext {
 public:
  CallContext(Executor& executor, CallSpec spec);
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  Executor& executor() const { return executor_; }
  /// `/pkg.Service/Method`.
  const std::string& method() const { return spec_.method; }
  const Metadata& metadata() const { return spec_.metadata; }
  Deadline deadline() const { return spec_.deadline; }
  const std::string& peer() const { return spec_.peer; }
  /// The caller's if it sent a valid one, else made here.
  const std::string& correlation_id() const { return correlation_id_; }

  /// Sent before the first message, or with the status if there is none.
  void AddInitialMetadata(std::string key, std::string value) {
    initial_metadata_.Add(std::move(key), std::move(value));
  }
  void AddTrailer(std::string key, std::string value) {
    trailers_.Add(std::move(key), std::move(value));
  }
  const Metadata& initial_metadata() const { return initial_metadata_; }
  const Metadata& trailers() const { return trailers_; }

  bool cancelled() const { return cancelled_; }
  /// For the transport: the caller is gone or has given up. Wakes who sleeps. Idempotent.
  void Cancel();

  /// OK while the call is wanted; else CANCELLED or DEADLINE_EXCEEDED.
  Status Alive() const;

  /// Suspends for `duration`, or until the call's deadline or its cancellation. Answers Alive() at
  /// that time.
  auto Sleep(Duration duration) { return Sleeper{*this, duration}; }

  /// Something that must hear of the cancellation. Registers itself; destroying it ends that. The
  /// callback runs on the executor's thread, at most once, and not if the call was cancelled
  /// before.
  class CancelHook {
   public:
    CancelHook(CallContext& context, Executor::Work callback);
    CancelHook(const CancelHook&) = delete;
    CancelHook& operator=(const CancelHook&) = delete;
    ~CancelHook();

   private:
    friend class CallContext;
    CallContext& context_;
    Executor::Work callback_;
  };

 private:
  class Sleeper {
   public:
    Sleeper(CallContext& context, Duration duration) : context_(context), duration_(duration) {}
    bool await_ready() { return duration_ <= Duration::zero() || !context_.Alive().ok(); }
    void await_suspend(std::coroutine_handle<> handle);
    Status await_resume();

   private:
    CallContext& context_;
    Duration duration_;
    std::optional<Timer> timer_;
    std::optional<CancelHook> hook_;
  };

  Executor& executor_;
  CallSpec spec_;
  std::string correlation_id_;
  Metadata initial_metadata_;
  Metadata trailers_;
  bool cancelled_ = false;
  std::vector<CancelHook*> hooks_;
};

}  // namespace slipway::rpc
