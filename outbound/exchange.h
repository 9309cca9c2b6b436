#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "outbound/http_message.h"
#include "outbound/url.h"
#include "rpc/executor.h"

namespace slipway::outbound {

/// One request on its way between the caller's coroutine and the client's thread. Both sides hold
/// it. The answer travels to the caller's executor; a caller that leaves before says so, after
/// which its executor is not touched any more: it may be gone.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Result = absl::StatusOr<HttpResponse>;

  /// `abandon` runs on the caller's thread when the caller leaves before the answer was posted.
  Exchange(rpc::Executor& caller, HttpRequest request, Url url, rpc::Time deadline,
           std::function<void(std::shared_ptr<Exchange>)> abandon)
      : request(std::move(request)),
        url(std::move(url)),
        deadline(deadline),
        caller_(caller),
        abandon_(std::move(abandon)) {}

  /// On the client's thread, once.
  void Resolve(Result result) {
    auto self = shared_from_this();
    // Held while posting, so that the caller's executor cannot go in between.
    const std::lock_guard lock(mutex_);
    over_ = true;
    if (abandoned_) return;
    caller_.Post([self, result = std::move(result)]() mutable { self->Arrive(std::move(result)); });
  }

  /// Waits for the answer, on the caller's executor; its destruction abandons the exchange.
  class Waiter {
   public:
    explicit Waiter(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { exchange_->Abandon(); }

    bool await_ready() const { return exchange_->result_.has_value(); }
    void await_suspend(std::coroutine_handle<> handle) { exchange_->handle_ = handle; }
    Result await_resume() { return std::move(*exchange_->result_); }

   private:
    std::shared_ptr<Exchange> exchange_;
  };

  // Belong to the client's thread once it has the exchange.
  const HttpRequest request;
  const Url url;
  const rpc::Time deadline;

 private:
  void Arrive(Result result) {
    result_.emplace(std::move(result));
    if (handle_) std::exchange(handle_, nullptr).resume();
  }
  void Abandon() {
    handle_ = nullptr;
    // Held while telling: the client outlives every exchange that is not over, and waits here.
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (!over_) abandon_(shared_from_this());
  }

  rpc::Executor& caller_;
  const std::function<void(std::shared_ptr<Exchange>)> abandon_;
  std::mutex mutex_;
  bool over_ = false;       // guarded by mutex_
  bool abandoned_ = false;  // guarded by mutex_
  // On the caller's thread only:
  std::optional<Result> result_;
  std::coroutine_handle<> handle_;
};

}  // namespace slipway::outbound
