#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "outbound/http_client.h"
#include "rpc/task.h"
#include "rpc/thread_executor.h"

namespace slipway::outbound::testing {

/// A test's thread as the caller of an HttpClient.
class Caller {
 public:
  using Result = absl::StatusOr<HttpResponse>;

  /// A request under way. Destroying it is what a caller does that leaves.
  class Sent {
   public:
    Sent(rpc::ThreadExecutor& executor, HttpClient& client, HttpRequest request)
        : executor_(&executor),
          state_(std::make_shared<State>()),
          frame_(Run(client.Send(executor, std::move(request)), state_).handle.address()) {}

    bool done() const { return state_->done; }
    /// Runs the thread's executor until there is an answer.
    Result& Wait() {
      executor_->RunUntil(state_->done);
      return *state_->result;
    }

   private:
    struct State {
      std::optional<Result> result;
      bool done = false;
    };
    struct Frame {
      struct promise_type {
        Frame get_return_object() {
          return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() noexcept { std::terminate(); }
      };
      std::coroutine_handle<promise_type> handle;
    };
    struct Destroy {
      void operator()(void* frame) const { std::coroutine_handle<>::from_address(frame).destroy(); }
    };

    static Frame Run(rpc::Task<Result> task, std::shared_ptr<State> state) {
      state->result.emplace(co_await std::move(task));
      state->done = true;
    }

    rpc::ThreadExecutor* executor_;
    std::shared_ptr<State> state_;
    std::unique_ptr<void, Destroy> frame_;
  };

  Sent Start(HttpClient& client, HttpRequest request) {
    return Sent(executor_, client, std::move(request));
  }
  Result Send(HttpClient& client, HttpRequest request) {
    Sent sent = Start(client, std::move(request));
    return std::move(sent.Wait());
  }
  rpc::ThreadExecutor& executor() { return executor_; }

 private:
  rpc::ThreadExecutor executor_;
};

}  // namespace slipway::outbound::testing
