#include "rpc/call_context.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "absl/random/random.h"

namespace slipway::rpc {

bool ValidCorrelationId(std::string_view id) {
  if (id.empty() || id.size() > 128) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string NewCorrelationId() {
  thread_local absl::BitGen random;
  std::array<uint64_t, 2> bits = {absl::Uniform<uint64_t>(random), absl::Uniform<uint64_t>(random)};
  bits[0] = (bits[0] & ~uint64_t{0xf000}) | 0x4000;                  // version 4
  bits[1] = (bits[1] & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // variant 1
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string id(36, '-');
  size_t digit = 0;
  for (size_t i = 0; i < id.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) continue;
    id[i] = kHex[(bits[digit / 16] >> (60 - 4 * (digit % 16))) & 0xf];
    ++digit;
  }
  return id;
}

CallContext::CallContext(Executor& executor, CallSpec spec)
    : executor_(executor), spec_(std::move(spec)) {
  const auto sent = spec_.metadata.Find(kCorrelationIdKey);
  correlation_id_ = sent && ValidCorrelationId(*sent) ? std::string(*sent) : NewCorrelationId();
}

void CallContext::Cancel() {
  if (std::exchange(cancelled_, true)) return;
  // A callback may destroy its own hook, or others.
  while (!hooks_.empty()) {
    CancelHook* hook = hooks_.back();
    hooks_.pop_back();
    Executor::Work callback = std::move(hook->callback_);
    callback();
  }
}

Status CallContext::Alive() const {
  if (executor_.Now() >= spec_.deadline) {
    return Status(absl::StatusCode::kDeadlineExceeded, "Deadline Exceeded");
  }
  if (cancelled_) return Status(absl::StatusCode::kCancelled, "the caller cancelled the call");
  return Status();
}

CallContext::CancelHook::CancelHook(CallContext& context, Executor::Work callback)
    : context_(context), callback_(std::move(callback)) {
  if (!context_.cancelled_) context_.hooks_.push_back(this);
}

CallContext::CancelHook::~CancelHook() {
  auto& hooks = context_.hooks_;
  const auto found = std::find(hooks.rbegin(), hooks.rend(), this);
  if (found != hooks.rend()) hooks.erase(std::next(found).base());
}

void CallContext::Sleeper::await_suspend(std::coroutine_handle<> handle) {
  const Time now = context_.executor_.Now();
  const Deadline deadline = context_.spec_.deadline;
  const Time wake = duration_ >= deadline - now ? deadline : now + duration_;
  timer_.emplace(context_.executor_);
  timer_->Start(wake, handle);
  hook_.emplace(context_, [this, handle] {
    timer_->Cancel();
    handle.resume();
  });
}

Status CallContext::Sleeper::await_resume() {
  hook_.reset();
  timer_.reset();
  return context_.Alive();
}

}  // namespace slipway::rpc
