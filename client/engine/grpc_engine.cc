#include "client/engine/grpc_engine.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"

namespace slipway::client {
namespace {

/// Suspends for `duration`.
struct Pause {
  rpc::Timer timer;
  rpc::Time until;
  Pause(rpc::Executor& executor, rpc::Duration duration)
      : timer(executor), until(executor.Now() + duration) {}
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    timer.Start(until, [handle] { handle.resume(); });
  }
  void await_resume() {}
};

}  // namespace

GrpcEngine::GrpcEngine(std::unique_ptr<rpc::Upstream> upstream, Options options)
    : upstream_(std::move(upstream)), options_(std::move(options)), slots_(options_.slots) {
  running_ = options_.slots;
  for (uint32_t index = 0; index < options_.slots; ++index) rpc::Spawn(RunSlot(index));
}

rpc::Task<absl::Status> GrpcEngine::Connect(rpc::Deadline deadline) {
  rpc::Executor& executor = upstream_->executor();
  while (true) {
    const absl::Status status = options_.connected();
    if (status.code() != absl::StatusCode::kUnavailable || executor.Now() >= deadline) {
      co_return status;
    }
    co_await Pause(executor, std::chrono::milliseconds(1));
  }
}

void GrpcEngine::Issue(uint32_t slot, rpc::Time now) {
  slots_[slot].wanted = true;
  slots_[slot].start = now;
  slots_[slot].wake.Wake();  // nobody waits when this comes from Report: the loop sees `wanted`
}

rpc::Task<void> GrpcEngine::Shutdown() {
  stopping_ = true;
  for (Slot& slot : slots_) {
    if (slot.call != nullptr) slot.call->Cancel();
    slot.wake.Wake();
  }
  while (running_ > 0) co_await all_ended_.Wait();
}

rpc::Task<void> GrpcEngine::RunSlot(uint32_t index) {
  Slot& slot = slots_[index];
  while (true) {
    while (!slot.wanted && !stopping_) co_await slot.wake.Wait();
    if (stopping_) break;
    slot.wanted = false;
    ++calls_;
    slot.call = upstream_->NewCall();
    rpc::CallSpec spec;
    spec.method = options_.request->method;
    spec.metadata = options_.request->metadata;
    spec.deadline = slot.start + options_.timeout;
    slot.call->Start(std::move(spec));
    co_await slot.call->Write(options_.request->message);
    slot.call->WritesDone();
    int messages = 0;
    uint64_t bytes = 0;
    while (const std::optional<std::string> message = co_await slot.call->Read()) {
      ++messages;
      bytes += message->size();
    }
    const rpc::CallResult result = co_await slot.call->Finish();
    slot.call.reset();
    if (!stopping_) Report(index, result, messages, bytes);
  }
  if (--running_ == 0) all_ended_.Wake();
}

void GrpcEngine::Report(uint32_t index, const rpc::CallResult& result, int messages,
                        uint64_t bytes) {
  Outcome outcome;
  outcome.kind = OutcomeKind::kGrpcStatus;
  outcome.code = static_cast<int>(result.status.code());
  outcome.ok = result.status.ok();
  outcome.message = result.status.message();
  outcome.bytes_received = bytes;
  if (outcome.ok && messages != 1) {
    outcome.ok = false;
    outcome.code = static_cast<int>(absl::StatusCode::kInternal);
    outcome.message = "the server did not answer a unary call with exactly one message";
  }
  outcome.unreachable = !outcome.ok && !upstream_->ready();
  listener_->Done(index, outcome, rpc::Clock::now());
}

}  // namespace slipway::client
